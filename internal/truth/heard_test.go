//go:build truth

package truth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// heardOf is what the log has told of a token's user and session, for a person to understand a
// false verdict.
func (w *world) heardOf(h *held) string {
	w.t.Helper()
	pool, err := pgxpool.New(w.ctx, w.stack.Env.DatabaseURL)
	w.must(err)
	defer pool.Close()
	ms, err := postgres.New(pool).JournalAbout(w.ctx, "", []string{h.User, h.Session}, 100_000)
	w.must(err)
	var lines []string
	for _, m := range slices.Backward(ms) {
		raw, err := events.Encode(m)
		w.must(err)
		if lines = append(lines, fmt.Sprintf("%s %.2000s", m.Received.Time().UTC().Format("15:04:05.000"), raw)); len(lines) == 12 {
			break
		}
	}
	return strings.Join(lines, "\n  ")
}
