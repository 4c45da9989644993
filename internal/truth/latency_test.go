//go:build truth

package truth

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/play"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// probes is how many logouts of a round are timed.
const probes = 4

// way is how long after Keycloak's answer to a logout each part had it.
type way struct{ published, committed, enforced time.Duration }

// ways are collected by one goroutine at a time.
var ways []way

// probe times logouts beside a round's actions; the function it gives waits for the last.
func (w *world) probe() (over func()) {
	done := make(chan error, 1)
	go func() { done <- w.probes() }()
	return func() { w.must(<-done) }
}

func (w *world) probes() error {
	pool, err := pgxpool.New(w.ctx, w.stack.Env.DatabaseURL)
	if err != nil {
		return err
	}
	defer pool.Close()
	for range probes {
		one, ok, err := w.probe1(postgres.New(pool))
		if err != nil {
			return err
		}
		if ok {
			ways = append(ways, one)
		}
	}
	return nil
}

// lookAfterLogout is when the log had the first look that a logout of the session was taken for; 0: not yet.
func lookAfterLogout(ctx context.Context, store *postgres.Store, session string) (events.Millis, error) {
	ms, err := store.JournalAbout(ctx, "", []string{session}, 1_000)
	for _, m := range ms {
		if o, is := m.Body.(*events.Observation); is && slices.ContainsFunc(o.Causes, func(c events.Cause) bool { return c.Type == "LOGOUT" }) {
			return m.Received, err
		}
	}
	return 0, err
}

// probe1 is one logout; ok is false if somebody closed the realm meanwhile.
func (w *world) probe1(store *postgres.Store) (one way, ok bool, err error) {
	p := &person{name: fmt.Sprintf("probe-%x", time.Now().UnixNano())}
	if err := w.make(p); err != nil {
		return one, false, err
	}
	t, err := w.keycloak.Grant(w.ctx, "app", p.name, play.Offline)
	if err != nil {
		return one, false, dead(err)
	}
	c, err := t.Claims()
	if err != nil || c.Type != "Offline" {
		return one, false, err
	}
	if a, err := w.backend.Store(w.ctx, t); err != nil || a.Status/100 != 2 || a.Text("state") != "usable" {
		return one, false, err
	}
	if err := w.keycloak.Logout(w.ctx, t); err != nil {
		return one, false, dead(err)
	}
	answered := time.Now()
	var received events.Millis // of the look that shows the session gone
	for end := answered.Add(unheard); one.enforced == 0 && time.Now().Before(end); play.Pause(w.ctx, time.Millisecond) {
		if received == 0 {
			if received, err = lookAfterLogout(w.ctx, store, c.Session); err != nil {
				return one, false, err
			}
			if received != 0 {
				one.published, one.committed = received.Time().Sub(answered), time.Since(answered)
			}
		}
		vs, err := w.backend.Decide(w.ctx, []play.Question{{User: p.id, Client: "app", Session: c.Session, IssuedAt: c.IssuedAt}})
		if err != nil {
			return one, false, err
		}
		if vs[0].State == "revoked" {
			one.enforced = time.Since(answered)
		}
	}
	return one, one.enforced > 0 && received != 0, nil
}

// latency is the report's line: from Keycloak's answer to a logout until the look at it was in
// the log, its facts were committed, and authapi refused.
func (w *world) latency() string {
	part := func(of func(way) time.Duration) string {
		all := make([]time.Duration, len(ways))
		for i, one := range ways {
			all[i] = of(one)
		}
		slices.Sort(all)
		at := func(q float64) time.Duration { return all[int(q*float64(len(all)-1))].Round(time.Millisecond / 10) }
		return fmt.Sprintf("median %v p99 %v", at(0.5), at(0.99))
	}
	if len(ways) == 0 {
		return "no logout was timed"
	}
	return fmt.Sprintf("after Keycloak's answer to a logout (n=%d): published %s · committed %s · enforced %s", len(ways),
		part(func(w way) time.Duration { return w.published }), part(func(w way) time.Duration { return w.committed }), part(func(w way) time.Duration { return w.enforced }))
}
