package settings

import (
	"fmt"
	"os"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// named are the environment's words of libpq that say which database; without any of them it would be one on this machine
// that is called as the user is, and a forgotten DATABASE_URL would be found out late or never.
var named = []string{"PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE"}

// Database adds DATABASE_URL.
func (t *Table) Database(into *secret.Text) {
	t.Secret(into, "DATABASE_URL", "Postgres; without it libpq's PGHOST and so on")
	t.Check(func() error {
		if !into.Empty() {
			return nil
		}
		for _, name := range named {
			if os.Getenv(name) != "" {
				return nil
			}
		}
		return fmt.Errorf("DATABASE_URL %w, nor is PGHOST, PGSERVICE or PGDATABASE", ErrNotSet)
	})
}
