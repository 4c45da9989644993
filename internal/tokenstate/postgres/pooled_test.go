package postgres

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/tokenstate/tokenstate/internal/testenv"
)

// Ensure a pooler that gives each transaction to another connection is refused with its cure, and one that
// keeps a session together is not.
func TestPoolers(t *testing.T) {
	direct := testenv.Database(t, MigrateURL)
	for mode, refused := range map[string]bool{"session": false, "transaction": true, "statement": true} {
		t.Run(mode, func(t *testing.T) {
			pool, err := Open(t.Context(), testenv.PgBouncer(t, direct, mode), Serving())
			must(t, err)
			defer pool.Close()
			_, err = New(pool).Floor(t.Context())
			if errors.Is(err, ErrPooled) != refused || !refused && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if refused {
				if !strings.Contains(err.Error(), "pool_mode=session") {
					t.Errorf("it does not say what to do: %v", err)
				}
				return
			}
			var all sync.WaitGroup // as many as the pool has, at once
			for range 16 {
				all.Go(func() {
					if _, err := New(pool).Floor(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		})
	}
	pool, err := Open(t.Context(), direct, Serving())
	must(t, err)
	defer pool.Close()
	_, err = New(pool).Floor(t.Context())
	must(t, err)
}
