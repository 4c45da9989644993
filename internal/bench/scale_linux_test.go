package bench

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/play"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// scale is a deployment of very many tokens, as far as one machine can have it: Postgres, and authapi as people run it.
type scale struct {
	*bench

	pool       *pgxpool.Pool
	store      *postgres.Store
	binary     string
	settings   []string // of authapi
	kept       string   // where the snapshot lies
	credential string   // of who asks for verdicts
	backend    *play.Backend
	api        *program
}

// TestScale tells what a large population takes, step by step, each once: no figure is a median, or has a goal. It fails
// only where an answer is wrong.
func TestScale(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("SCALE_TOKENS"))
	if err != nil || n < 10_000 {
		t.Skip("SCALE_TOKENS says of how many tokens, ten thousand at least: make scale")
	}
	scattered := order
	order = func(i int) uint64 { return uint64(i) << 20 }
	t.Cleanup(func() { order = scattered })
	s := &scale{bench: &bench{T: t, group: "scale", rounds: 1, report: newReport(n, os.Getenv("SCALE_JSON"))}}
	s.population = population{n: n}.endingNow()

	server := testenv.NewServer(t, postgres.MigrateURL)
	s.binary = s.built("authapi")
	s.filled(server.URL())
	s.starts("from Postgres")
	s.answers("after the start", tokenstate.Usable, ok)
	s.keeps()
	s.follows()
	s.withdraws()
	s.answers("after the withdrawal", tokenstate.Revoked, refused)
	s.api.stop()
	s.pool.Close()
	server.Stop()
	s.settings = append(s.settings, "AUTHAPI_SNAPSHOT_PATH="+s.first())
	s.starts("from the sealed file, without Postgres")
	s.answers("without Postgres", tokenstate.Usable, ok)
}

// tell is one figure.
func (s *scale) tell(what, unit string, value float64) {
	s.Helper()
	s.row(what, unit, none, value)
}

// timed tells how long a step takes.
func (s *scale) timed(what string, step func()) {
	s.Helper()
	began := time.Now()
	step()
	s.tell(what, "s", time.Since(began).Seconds())
}
