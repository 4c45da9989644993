package postgres

import (
	"bytes"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// newPool makes a migrated database of its own.
func newPool(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	return testenv.Postgres(tb, MigrateURL)
}

func must(t interface {
	Helper()
	Fatalf(string, ...any)
}, err error,
) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func dump(f tokenstate.Facts) string {
	var b bytes.Buffer
	if err := f.Dump(&b); err != nil {
		panic(err)
	}
	return b.String()
}
