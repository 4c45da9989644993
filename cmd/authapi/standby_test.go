package main

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// onStandby is a world that reads from a standby, and stop and resume of that.
func onStandby(t *testing.T) (w *world, replay func(verb string)) {
	t.Helper()
	primary := testenv.NewServer(t, postgres.MigrateURL)
	standby := primary.Standby()
	w = onServers(t, primary)
	w.stop()
	w.follows(primary, standby)
	w.read = readingOn(t, standby)
	w.start()
	w.caughtUp()
	return w, func(verb string) {
		t.Helper()
		_, err := w.read.Exec(t.Context(), "SELECT pg_wal_replay_"+verb+"()")
		must(t, err)
	}
}

// Ensure a write says the truth while the standby lags: it is done, and not yet seen here; a key that was just made passes, and
// whoever waits for a version is told that it is not there. When the standby has it, it is enforced.
func TestWritesWhileTheStandbyLags(t *testing.T) {
	w, replay := onStandby(t)
	key := w.mint("a")
	w.me(key).want(t, http.StatusOK)
	replay("pause")
	fresh := w.create(map[string]any{"name": "fresh"}).want(t, http.StatusAccepted)
	w.me(fresh.text("key")).want(t, http.StatusOK)
	r := w.backend(http.MethodPost, "/v1/users/u/revoke?wait_ms=200", map[string]any{"keys": true, "reason": "stolen"}).want(t, http.StatusAccepted)
	if r.body["applied"] != false {
		t.Errorf("%s", r.raw)
	}
	_, head, err := w.store.Facts(t.Context())
	must(t, err)
	w.ask(http.MethodGet, "/api/v1/users/me", nil, "Authorization", "Bearer "+key, "Tokenstate-Min-Version", strconv.FormatInt(head, 10)).want(t, http.StatusServiceUnavailable)
	w.me(key).want(t, http.StatusOK) // as far as is known here
	before := w.known.AsOf()
	age := func(r reply) time.Duration {
		ms, err := strconv.Atoi(r.header.Get("Tokenstate-Age-Ms"))
		must(t, err)
		return time.Duration(ms) * time.Millisecond
	}
	first := age(w.me(key))
	w.eventually("what is known grows old", func() bool { return age(w.me(key)) > first })
	if !w.known.AsOf().Equal(before) {
		t.Error("the database's state counts as known, although the standby has not got it")
	}
	replay("resume")
	must(t, w.known.WaitVersion(t.Context(), head))
	for _, one := range []string{key, fresh.text("key")} {
		w.me(one).want(t, http.StatusUnauthorized, "reason", "revoked")
	}
	w.backend(http.MethodPost, "/v1/users/u/revoke?wait_ms=5000", map[string]any{"keys": true, "reason": "again"}).want(t, http.StatusOK)
}

// Ensure another database in DATABASE_READ_URL is refused at the start, and that one that does not answer is waited for.
func TestReadURL(t *testing.T) {
	ours, theirs := testenv.Database(t, postgres.MigrateURL), testenv.Database(t, postgres.MigrateURL)
	for url, want := range map[string]error{ours: nil, theirs: pgsource.ErrOtherDatabase, "postgres://%zz": settings.ErrConfiguration, "postgres://a:b@127.0.0.1:1/x": nil} {
		pool, err := postgres.Open(t.Context(), ours, postgres.Serving())
		must(t, err)
		c := &config{standby: secret.New(url)}
		s, err := c.source(t.Context(), pool, prometheus.NewRegistry(), zerolog.Nop())
		if !errors.Is(err, want) || want != nil && !errors.Is(err, settings.ErrConfiguration) {
			t.Errorf("%v, want %v", err, want)
		}
		if err == nil {
			s.Close()
		}
		pool.Close()
	}
}
