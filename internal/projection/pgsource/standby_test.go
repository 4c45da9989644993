package pgsource

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// pair is a primary and what reads from its standby.
type pair struct {
	*Standby

	t             *testing.T
	first, second *testenv.Server
	pool, read    *pgxpool.Pool
	st            *state.Store
	log           *logged
	sessions      int
}

type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }

func (l *logged) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func poolOf(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := state.Open(t.Context(), url, state.Serving())
	must(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func newPair(t *testing.T) *pair {
	t.Helper()
	first := testenv.NewServer(t, state.MigrateURL)
	second := first.Standby()
	p := &pair{t: t, first: first, second: second, pool: poolOf(t, first.URL()), read: poolOf(t, second.URL()), log: &logged{}}
	p.st = state.New(p.pool)
	p.reading()
	return p
}

// reading begins anew with the source, whose lag has no bound.
func (p *pair) reading() {
	p.Standby = NewStandby(p.pool, p.read, 20*time.Millisecond, zerolog.New(p.log))
	p.MostBehind = time.Hour
	p.t.Cleanup(p.Close)
}

// put writes a version.
func (p *pair) put() int64 {
	p.t.Helper()
	p.sessions++
	token := tokenstate.Token{Realm: "demo", User: "u", ClientID: "app", Session: strings.Repeat("s", p.sessions), IssuedAt: 5}
	got, err := p.st.PutToken(p.t.Context(), state.StoredToken{Token: token}, nil)
	must(p.t, err)
	return got.Version
}

func (p *pair) news(after int64) projection.News {
	p.t.Helper()
	n, err := p.News(p.t.Context(), after)
	must(p.t, err)
	return n
}

// until asks for news until they are so.
func (p *pair) until(what string, after int64, so func(projection.News) bool) projection.News {
	p.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if n, err := p.News(p.t.Context(), after); err == nil && so(n) {
			return n
		}
	}
	p.t.Fatalf("not so: %s; the log says %s", what, p.log)
	return projection.News{}
}

// replay stops or goes on.
func (p *pair) replay(verb string) {
	p.t.Helper()
	_, err := p.read.Exec(p.t.Context(), "SELECT pg_wal_replay_"+verb+"()")
	must(p.t, err)
}

func fromStandby(n projection.News) bool { return n.Standby }
func fromPrimary(n projection.News) bool { return !n.Standby }

// Ensure news come from the standby, and say until when it had all: while it lags that stands still, whatever its clock says.
func TestNewsOfALaggingStandby(t *testing.T) {
	p := newPair(t)
	confirm(t, p.st)
	last := p.put()
	n := p.until("the standby has it, and the confirmation", 1, func(n projection.News) bool {
		return n.Standby && n.Now.Version == last && n.Status.Confirmed && !n.AsOf.IsZero()
	})
	if history, err := p.st.History(t.Context()); err != nil || n.Status.History != history {
		t.Errorf("the history is %s, want the primary's %s %v", n.Status.History, history, err)
	}
	p.replay("pause")
	next := p.put()
	late := p.news(last)
	later := p.until("time goes on", last, func(n projection.News) bool { return n.Status.Now > late.Status.Now })
	if later.Now.Version != last || !later.Standby || !later.AsOf.Equal(late.AsOf) || later.AsOf.Before(n.AsOf) || !later.Status.Confirmed {
		t.Errorf("behind: %+v, before %+v", later, n)
	}
	p.MostBehind = time.Nanosecond
	before := p.log.String() // it may have begun before the standby had anything
	if got := p.news(last); got.Standby || got.Now.Version != next || p.Followed() {
		t.Errorf("too far behind, and the primary is not read: %+v", got)
	}
	if got := p.news(next); got.Standby || got.Gap != nil { // it has no version of ours
		t.Errorf("the standby is behind us: %+v", got)
	}
	if n := strings.Count(strings.TrimPrefix(p.log.String(), before), "cannot be followed"); n != 1 {
		t.Errorf("said %d times: %s", n, p.log)
	}
	p.replay("resume")
	if got := p.until("it is followed again", next, fromStandby); got.AsOf.Before(later.AsOf) || !p.Followed() {
		t.Errorf("caught up: %+v", got)
	}
}

// Ensure whoever starts while the standby lags is not behind what was answered before: the primary is read.
func TestSnapshotOfALaggingStandby(t *testing.T) {
	p := newPair(t)
	first := p.put()
	p.until("the standby has it", 1, func(n projection.News) bool { return n.Standby && n.Now.Version == first })
	var snap projection.Snapshot
	must(t, p.Snapshot(t.Context(), &snap))
	if snap.Version != first || strings.Contains(p.log.String(), "is read from the primary") {
		t.Errorf("version %d, log %s", snap.Version, p.log)
	}
	p.replay("pause")
	second := p.put()
	p.catchUp = time.Nanosecond
	must(t, p.Snapshot(t.Context(), &snap))
	if snap.Version != second || len(snap.Tokens) != 2 || !strings.Contains(p.log.String(), "is read from the primary") {
		t.Errorf("version %d, log %s", snap.Version, p.log)
	}
	_, err := p.pool.Exec(t.Context(), "UPDATE tokenstate.feed SET nonce = 'restored' WHERE version = $1", first)
	must(t, err)
	if n := p.news(first); n.Standby || n.Was != "restored" || n.Now.Version != second {
		t.Errorf("the standby is of another history than the primary: %+v", n)
	}
	p.replay("resume")
}

// Ensure answers go on while either of the two is away, also from the start on.
func TestStandbyOrPrimaryAway(t *testing.T) {
	p := newPair(t)
	confirm(t, p.st)
	known := follow(t, p.Standby)
	must(t, known.WaitVersion(t.Context(), p.put()))
	p.second.Kill()
	must(t, known.WaitVersion(t.Context(), p.put()))
	p.reading()
	late := follow(t, p.Standby)
	must(t, late.WaitVersion(t.Context(), p.put()))
	p.second.Do(p.second.Start)
	last := p.put()
	p.until("the standby is there again", last, fromStandby)

	p.first.Kill()
	away := p.until("the standby alone", last, fromStandby)
	if again := p.news(last); !again.Standby || !again.AsOf.Equal(away.AsOf) || !again.Status.Confirmed {
		t.Errorf("the primary is away: %+v, before %+v", again, away)
	}
	if _, err := p.Status(t.Context()); err == nil {
		t.Error("nobody knows whether a new state is confirmed, and it was told")
	}
	p.first.Do(p.first.Start)
	if got := p.until("the primary is there again", last, func(n projection.News) bool { return n.AsOf.After(away.AsOf) }); got.Status.Confirmed {
		t.Error("another history of the primary counts as confirmed")
	}
	for _, one := range []*projection.Projection{known, late} {
		must(t, one.WaitVersion(t.Context(), p.put()))
		if ok, why := one.Ready(); !ok {
			t.Error(why)
		}
	}
	confirm(t, p.st)
	p.until("the confirmation comes", last, func(n projection.News) bool { return n.Standby && n.Status.Confirmed })
}

// Ensure what stems from a standby that was promoted beside its primary is not believed.
func TestPromotedBesideThePrimary(t *testing.T) {
	p := newPair(t)
	last := p.put()
	p.until("the standby has it", 1, func(n projection.News) bool { return n.Standby && n.Now.Version == last })
	p.second.Do(p.second.Promote)
	if n := p.until("the primary is read", last, fromPrimary); n.Gap != nil || n.Now.Version != last {
		t.Errorf("%+v", n)
	}
	fork := state.New(p.read)
	_, err := fork.PutToken(t.Context(), state.StoredToken{Token: tokenstate.Token{Realm: "demo", User: "u", ClientID: "app", Session: "fork", IssuedAt: 5}}, nil)
	must(t, err)
	next := p.put()
	if n := p.news(last); n.Standby || n.Now.Version != next {
		t.Errorf("%+v", n)
	}
	var snap projection.Snapshot
	must(t, p.Snapshot(t.Context(), &snap))
	for _, one := range snap.Tokens {
		if one.Token.Session == "fork" {
			t.Error("a token of the fork is in the snapshot")
		}
	}
}

// Ensure another database in the standby's place is told at the start, and never believed.
func TestStandbyOfAnother(t *testing.T) {
	ours, theirs := testenv.Postgres(t, state.MigrateURL), testenv.Postgres(t, state.MigrateURL)
	for _, pool := range []*pgxpool.Pool{ours, theirs} {
		_, err := state.New(pool).PutToken(t.Context(), state.StoredToken{Token: tokenstate.Token{Realm: "demo", User: "u", ClientID: "app", Session: "s", IssuedAt: 5}}, nil)
		must(t, err)
	}
	log := &logged{}
	s := NewStandby(ours, theirs, time.Hour, zerolog.New(log))
	defer s.Close()
	if err := s.Check(t.Context()); !errors.Is(err, ErrOtherDatabase) {
		t.Errorf("check: %v", err)
	}
	if n, err := s.News(t.Context(), 1); err != nil || n.Standby || n.Gap != nil {
		t.Errorf("%+v %v", n, err)
	}
	var snap projection.Snapshot
	must(t, s.Snapshot(t.Context(), &snap))
	if !strings.Contains(log.String(), errStranger.Error()) {
		t.Error(log)
	}
	itself := NewStandby(ours, ours, time.Hour, zerolog.Nop())
	defer itself.Close()
	must(t, itself.Check(t.Context()))
	if n, err := itself.News(t.Context(), 1); err != nil || !n.Standby {
		t.Errorf("the primary itself: %+v %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := itself.Check(ctx); err == nil || errors.Is(err, ErrOtherDatabase) {
		t.Errorf("who does not answer: %v", err)
	}
}
