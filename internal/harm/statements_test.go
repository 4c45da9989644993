//go:build harm

package harm

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/play"
)

// statements are what Keycloak asks its database for one login (offline, by grant), and one logout.
type statements struct{ login, logout float64 }

func (s statements) both() float64 { return s.login + s.logout }

// drained is how long after an action all looks at it have been taken: a birth's is half a second late.
const drained = 2500 * time.Millisecond

// statements counts for n users, one after the other. What an idle Keycloak asks in the same time is
// taken off.
func (w *world) statements(r *side, n int) (out statements, err error) {
	db, err := pgx.Connect(w.ctx, w.stack.Env.DatabaseURL)
	if err != nil {
		return out, err
	}
	defer func() { _ = db.Close(context.WithoutCancel(w.ctx)) }()
	var names []string
	for range n {
		_, name, err := r.user(w.ctx)
		if err != nil {
			return out, err
		}
		names = append(names, name)
	}
	play.Pause(w.ctx, drained)
	began := time.Now()
	before, err := asked(w.ctx, db)
	if err != nil {
		return out, err
	}
	play.Pause(w.ctx, 2*drained)
	after, err := asked(w.ctx, db)
	if err != nil {
		return out, err
	}
	idle := float64(after-before) / time.Since(began).Seconds()
	var tokens []play.Tokens
	if out.login, err = w.counted(db, idle, n, func(i int) error {
		t, err := r.Grant(w.ctx, "app", names[i], play.Offline)
		tokens = append(tokens, t)
		return err
	}); err != nil {
		return out, err
	}
	out.logout, err = w.counted(db, idle, n, func(i int) error { return r.end(w.ctx, tokens[i]) })
	return out, err
}

// counted is the number of statements for one of n actions and what follows it.
func (w *world) counted(db *pgx.Conn, idle float64, n int, do func(i int) error) (float64, error) {
	before, err := asked(w.ctx, db)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	for i := range n {
		if err := do(i); err != nil {
			return 0, err
		}
	}
	play.Pause(w.ctx, drained)
	after, err := asked(w.ctx, db)
	return (float64(after-before) - idle*time.Since(began).Seconds()) / float64(n), err
}

// asked is how many statements the database of Keycloak has been asked so far.
func asked(ctx context.Context, db *pgx.Conn) (n int64, err error) {
	if _, err := db.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"); err != nil {
		return 0, fmt.Errorf("statements cannot be counted (Debian: package postgresql has pg_stat_statements): %w", err)
	}
	err = db.QueryRow(ctx, `SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = 'keycloak'`).Scan(&n)
	return n, err
}
