//go:build truth

package truth

import (
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// heardOf is what the log has told of a token's user and session, for a person to understand a
// false verdict.
func (w *world) heardOf(h *held) string {
	w.t.Helper()
	conn, err := pgx.Connect(w.ctx, w.stack.Env.DatabaseURL)
	w.must(err)
	defer func() { _ = conn.Close(w.ctx) }()
	rows, err := conn.Query(w.ctx, `SELECT received_ms, convert_from(raw, 'UTF8') FROM tokenstate.journal
		WHERE strpos(convert_from(raw, 'UTF8'), $1) > 0 OR strpos(convert_from(raw, 'UTF8'), $2) > 0 ORDER BY seq DESC LIMIT 12`, h.User, h.Session)
	w.must(err)
	var lines []string
	var at int64
	var raw string
	_, err = pgx.ForEachRow(rows, []any{&at, &raw}, func() error {
		lines = append(lines, fmt.Sprintf("%s %.2000s", time.UnixMilli(at).UTC().Format("15:04:05.000"), raw))
		return nil
	})
	w.must(err)
	return strings.Join(lines, "\n  ")
}
