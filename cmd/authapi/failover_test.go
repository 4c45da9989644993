package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// onServers is a world whose pool finds whichever of the servers takes writes.
func onServers(t *testing.T, servers ...*testenv.Server) *world {
	t.Helper()
	return newWorldOn(t, poolOn(t, servers...))
}

func poolOn(tb testing.TB, servers ...*testenv.Server) *pgxpool.Pool {
	tb.Helper()
	var hosts []string
	for _, s := range servers {
		_, rest, _ := strings.Cut(s.URL(), "@")
		host, _, _ := strings.Cut(rest, "/")
		hosts = append(hosts, host)
	}
	user, rest, _ := strings.Cut(servers[0].URL(), "@")
	_, path, _ := strings.Cut(rest, "/")
	pool, err := postgres.Open(tb.Context(), user+"@"+strings.Join(hosts, ",")+"/"+path+"&target_session_attrs=read-write", postgres.Serving())
	must(tb, err)
	tb.Cleanup(pool.Close)
	return pool
}

// Ensure a standby that was promoted without the last commits is noticed however few they are: who starts
// on it is not ready before a worker has read the log, a replica that ran goes on refusing what it knew to
// be revoked, and what it knew is written again, so that the next one knows it, too.
func TestPromotedWithoutTheLastCommits(t *testing.T) {
	t.Parallel()
	primary := testenv.NewServer(t, postgres.MigrateURL)
	standby := primary.Standby()
	w := onServers(t, primary, standby)
	key, second := w.mint("a"), w.create(map[string]any{"name": "other"}).want(t, http.StatusCreated)
	w.follows(primary, standby)
	standby.Stop()
	w.backend(http.MethodPost, "/v1/users/u/revoke?wait_ms=5000", map[string]any{"keys": true, "reason": "stolen"}).want(t, http.StatusOK)
	w.backend(http.MethodPost, "/v1/users/v/standing?wait_ms=5000", map[string]any{"enabled": false, "reason": "left"}).want(t, http.StatusOK)
	w.me(key).want(t, http.StatusUnauthorized, "reason", "revoked")
	primary.Kill()
	standby.Do(standby.Start)
	standby.Do(standby.Promote)

	fresh := *w
	fresh.pool = poolOn(t, primary, standby)
	fresh.store = postgres.New(fresh.pool)
	fresh.start()
	fresh.eventually("the fresh replica has loaded", func() bool { return fresh.known.Version() > 0 })
	fresh.me(key).want(t, http.StatusServiceUnavailable)
	w.eventually("the orders are written again", func() bool {
		return strings.Contains(w.log.String(), "orders that the database had lost are written again")
	})
	w.me(key).want(t, http.StatusServiceUnavailable) // no worker has read the log

	fresh.confirm() // as a worker that has read it, and writes on
	fresh.learn(other(1))
	for _, at := range []*world{w, &fresh} {
		at.eventually("ready", func() bool { ok, _ := at.known.Ready(); return ok })
		at.me(key).want(t, http.StatusUnauthorized, "reason", "revoked")
		at.me(second.text("key")).want(t, http.StatusUnauthorized, "reason", "revoked")
		at.backend(http.MethodPost, "/v1/users/v/api-keys", map[string]any{"name": "n"}).want(t, http.StatusConflict, "reason", "user_disabled")
	}
	if rows, err := fresh.store.Outbox(t.Context(), 10); err != nil || len(rows) != 2 {
		t.Errorf("the orders are not on their way to the log: %d %v", len(rows), err)
	}
}

// Ensure a replica that starts on a backup that was read back is not ready, although a worker had confirmed
// the database that the backup is of; and that a running one goes on over a mere restart.
func TestStartOnABackup(t *testing.T) {
	t.Parallel()
	primary := testenv.NewServer(t, postgres.MigrateURL)
	w := onServers(t, primary)
	key := w.mint("a")
	backup := primary.Backup()
	w.backend(http.MethodPost, "/v1/users/u/revoke?wait_ms=5000", map[string]any{"keys": true, "reason": "stolen"}).want(t, http.StatusOK)
	primary.Stop()
	primary.Do(primary.Start)
	w.eventually("the replica follows again", func() bool {
		_, err := w.pool.Exec(t.Context(), "SELECT 1")
		return err == nil
	})
	w.me(w.mint("b")).want(t, http.StatusOK)
	primary.Kill()
	backup.Do(backup.Start)
	late := *w
	late.pool = poolOn(t, backup)
	late.store = postgres.New(late.pool)
	late.start()
	late.eventually("loaded", func() bool { return late.known.Version() > 0 })
	late.me(key).want(t, http.StatusServiceUnavailable)
	if _, why := late.known.Ready(); !strings.Contains(why, "no worker") {
		t.Errorf("not ready, for: %s", why)
	}
}

// follows waits until the standby has all of its primary.
func (w *world) follows(primary, standby *testenv.Server) {
	w.t.Helper()
	from, to := poolOn(w.t, primary), readingOn(w.t, standby)
	var at string
	must(w.t, from.QueryRow(w.t.Context(), "SELECT pg_current_wal_lsn()::text").Scan(&at))
	w.eventually("the standby has all", func() (there bool) {
		must(w.t, to.QueryRow(w.t.Context(), "SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn", at).Scan(&there))
		return there
	})
}

func readingOn(tb testing.TB, s *testenv.Server) *pgxpool.Pool {
	tb.Helper()
	pool, err := pgxpool.New(tb.Context(), s.URL())
	must(tb, err)
	tb.Cleanup(pool.Close)
	return pool
}
