package projection

import (
	"fmt"
	"math/rand"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// never: everyone is asked about at the first time only.
const never = 1 << 20

// crowd is a projection that is told of messages as Postgres would tell it, and the same facts
// for the slow and obvious answer.
type crowd struct {
	t     *testing.T
	p     *Projection
	facts tokenstate.Facts
	n     int
}

func newCrowd(t *testing.T, share int) *crowd {
	t.Helper()
	c := &crowd{t, New(newHistory(), Options{}, zerolog.Nop()), tokenstate.NewFacts(), 0}
	c.p.st = newState()
	c.p.status.Rules = tokenstate.DefaultRules()
	c.p.memo.share = share
	return c
}

func (c *crowd) install(cs ...Change) { c.p.st.install(Version{Changes: cs}, c.p.status.Rules) }

// tell learns a message; the projection gets the rows that it touched, with their joined values.
func (c *crowd) tell(at events.Millis, node string, body events.Body) {
	c.n++
	m := events.Message{ID: fmt.Sprintf("message-%06d", c.n), Realm: "demo", At: at, Received: at, Node: node, Server: "26.7.3", Source: events.Listener, Body: body}
	learnt := tokenstate.Learn(m)
	c.facts.Add(learnt)
	joined := map[string]tokenstate.Row{}
	for _, r := range c.facts.Rows() {
		joined[r.Kind()+r.RowKey()] = r
	}
	for _, r := range learnt.Rows() {
		c.install(Change{Fact: joined[r.Kind()+r.RowKey()]})
	}
}

// same compares with the slow answer, which walks all.
func (c *crowd) same(now tokenstate.Millis, what string) {
	c.t.Helper()
	var tokens []tokenstate.Token
	var owners []tokenstate.Scope
	c.p.st.eachToken(func(t *heldToken) { tokens = append(tokens, t.token()) })
	for realm, e := range c.p.st.estates {
		for user, h := range e.holders {
			if h.keys > 0 {
				owners = append(owners, tokenstate.Scope{Realm: realm, User: user})
			}
		}
	}
	want := tokenstate.Due(tokens, owners, c.facts, c.p.status.Rules, now)
	if d := cmp.Diff(want, c.p.Due(now)); d != "" {
		c.t.Fatalf("after %s (- slow, + fast):\n%s", what, d)
	}
}

func user(n int) string    { return fmt.Sprint("u", n) }
func session(n int) string { return fmt.Sprint("s", n) }

// step does one thing of chance to the crowd, and says what.
func (c *crowd) step(rnd *rand.Rand, at events.Millis, wide bool) string {
	n, kind := rnd.Intn(6), rnd.Intn(9)
	u, s := user(n), session(n*2+rnd.Intn(2))
	lives := []events.ClientSession{{Session: s, Client: "c1", ClientID: "app"}}
	switch kind {
	case 0:
		tok := tokenstate.Token{Realm: "demo", User: u, Client: "c1", ClientID: "app", Session: s, IssuedAt: at.Second()}
		c.install(Change{Token: &Token{Token: tok}})
		return "a token of " + u
	case 1:
		c.install(Change{RemovedToken: &Place{"demo", s, "app"}})
		return "a token less of " + u
	case 2:
		c.install(Change{Key: &apikey.Record{ID: fmt.Sprint("k", n), Realm: "demo", User: u}})
		return "a key of " + u
	case 3:
		c.tell(at, "kc1", &events.Observation{
			User:    &events.UserLook{User: u, Enabled: rnd.Intn(3) > 0, OfflineAccess: true},
			Rosters: []events.Roster{{User: u, Complete: true, Sessions: lives[:rnd.Intn(2)]}},
		})
		return "a look at " + u
	case 4:
		c.tell(at, "", &events.Observation{
			Users:   []events.UserSeen{{User: u, Enabled: rnd.Intn(3) > 0}},
			Rosters: []events.Roster{{Client: "c1", Sessions: lives}},
		})
		return "a page with " + u
	case 5:
		c.tell(at, "kc1", &events.Happened{Event: fmt.Sprint("event-", c.n), Kind: "user", Type: "LOGOUT", User: u, Session: s})
		return "a logout of " + u
	case 6:
		c.tell(at, "kc1", &events.Happened{Event: fmt.Sprint("event-", c.n), Kind: "admin", Type: "DELETE USER_SESSION", Path: "sessions/" + s})
		return "the end of session " + s
	case 7:
		if wide {
			c.tell(at, "kc1", &events.Happened{Event: fmt.Sprint("event-", c.n), Kind: "admin", Type: "ACTION REALM", Path: "logout-all"})
			return "logout-all"
		}
	}
	c.tell(at, "kc1", &events.Observation{Realm: &events.RealmLook{Enabled: true}, Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true}}})
	return "a look at realm and client"
}

// Ensure that asking only about whom something has changed for gives the answer of asking about
// all: at once, and when tokens become old enough.
func TestDueIncrementally(t *testing.T) {
	for seed := range int64(histories) {
		rnd := rand.New(rand.NewSource(seed))
		c := newCrowd(t, never)
		at := events.Millis(1_700_000_000_000)
		for range 150 {
			at += events.Millis(rnd.Intn(4000)) // ten minutes in all, no sweep period
			c.same(at, c.step(rnd, at, false))
		}
	}
}

// Ensure that what a whole realm's event makes due is found when everyone is asked about.
func TestDueOfEveryone(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	c := newCrowd(t, 1)
	at := events.Millis(1_700_000_000_000)
	for range 300 {
		at += events.Millis(rnd.Intn(4_000_000))
		what := c.step(rnd, at, true)
		c.p.memo.took = 0
		c.same(at, what)
	}
}

// Ensure that whom time alone makes due the queue gives out, over many sweep periods, and that nobody else is asked about;
// and that the age of the sweep is the one that asking about all would find.
func TestDueByTime(t *testing.T) {
	for seed := range int64(6) {
		rnd := rand.New(rand.NewSource(seed))
		c := newCrowd(t, never)
		at := events.Millis(1_700_000_000_000)
		for range 150 {
			at += events.Millis(rnd.Intn(4_000_000))
			c.same(at, c.step(rnd, at, false))
			if got, want := tokenstate.Millis(c.p.memo.swept.Load()), c.slowlySwept(at); got != want {
				t.Fatalf("seed %d: swept until %d, want %d", seed, got, want)
			}
		}
	}
}

// slowlySwept asks about all.
func (c *crowd) slowlySwept(now tokenstate.Millis) tokenstate.Millis {
	first := none
	for _, user := range c.p.st.users() {
		if at := c.p.st.swept(user, c.p.st.holder(user.Realm, user.User), c.p.status.Rules, now); at != none && (first == none || at < first) {
			first = at
		}
	}
	return max(first, 0)
}

// Ensure that an answer is bounded and names the same users until they are due no more.
func TestDueIsBounded(t *testing.T) {
	c := newCrowd(t, never)
	for n := range 2 * maxDue {
		c.install(Change{Token: &Token{Token: tokenstate.Token{Realm: "demo", User: user(n), Client: "c1", ClientID: "app", Session: session(n), IssuedAt: 1}}})
	}
	at := tokenstate.Millis(1_700_000_000_000)
	first := c.p.Due(at)
	if len(first) < maxDue || len(first) > maxDue+2 {
		t.Fatalf("%d are named", len(first))
	}
	seen := first[len(first)-1].Scope.User
	c.tell(at, "kc1", &events.Observation{User: &events.UserLook{User: seen, Enabled: true, OfflineAccess: true}, Rosters: []events.Roster{
		{User: seen, Complete: true, Sessions: []events.ClientSession{{Session: "s" + seen[1:], Client: "c1"}}},
	}})
	second := c.p.Due(at + 1)
	had, kept := map[string]bool{}, 0
	for _, w := range first {
		had[w.Scope.User] = true
	}
	for _, w := range second {
		if w.Scope.User == seen {
			t.Fatal("seen, and still named")
		}
		if had[w.Scope.User] {
			kept++
		}
	}
	if len(second) != len(first) || kept != len(first)-1 {
		t.Fatalf("%d named, %d as before", len(second), kept)
	}
}

// BenchmarkDue is 100,000 tokens, all seen a moment ago: everyone, and nobody changed.
func BenchmarkDue(b *testing.B) {
	const tokens = 100_000
	c := newCrowd(nil, never)
	at := tokenstate.Millis(1_700_000_000_000)
	for n := range tokens {
		c.install(Change{Token: &Token{Token: tokenstate.Token{Realm: "demo", User: user(n), Client: "c1", ClientID: "app", Session: session(n), IssuedAt: 1}}})
		u := tokenstate.Scope{Realm: "demo", User: user(n)}
		seat := tokenstate.Scope{Realm: "demo", Client: "c1", Session: session(n)}
		c.install(
			Change{Fact: tokenstate.StandingRow{Subject: tokenstate.Subject{Scope: u, Authority: tokenstate.Keycloak}, Value: tokenstate.Standing{At: at}}},
			Change{Fact: tokenstate.LookRow{Scope: u, Value: tokenstate.Look{At: at}}},
			Change{Fact: tokenstate.SightingRow{ID: tokenstate.SightingKey{Seat: seat}, Value: tokenstate.Sighting{At: at}}})
	}
	b.Run("everyone", func(b *testing.B) {
		for range b.N {
			c.p.memo.took = 0
			c.p.Due(at)
		}
	})
	b.Run("nobody changed", func(b *testing.B) {
		for range b.N {
			c.p.memo.took = time.Hour
			c.p.Due(at)
		}
	})
}

// Ensure a token whose client nobody can find does not hold back the age of the sweep, once its user
// has been looked at.
func TestSweptUntil(t *testing.T) {
	p := New(newHistory(), Options{}, zerolog.Nop())
	st := newState()
	p.st = st
	st.putToken(Token{Token: tokenstate.Token{Realm: "demo", User: "u", ClientID: "gone", Session: "s", IssuedAt: 1}})
	if at := p.SweptUntil(); at != 0 {
		t.Errorf("never looked at, and swept until %d", at)
	}
	for _, r := range tokenstate.Learn(events.Message{ID: "look", Realm: "demo", At: 5000, Received: 5000, Source: events.Look, Body: &events.Observation{
		User: &events.UserLook{User: "u", Enabled: true, OfflineAccess: true},
	}}).Rows() {
		st.install(Version{Changes: []Change{{Fact: r}}}, tokenstate.Rules{})
	}
	if at := p.SweptUntil(); at != 5000 {
		t.Errorf("swept until %d", at)
	}
	st.putKey(apikey.Record{ID: "k", Realm: "demo", User: "never"})
	st.putKey(apikey.Record{ID: "l", Realm: "demo", User: "u"})
	if n := p.Owners(); len(n) != 1 || n["demo"] != (Owners{All: 2, NeverLooked: 1}) {
		t.Errorf("owners: %+v", n)
	}
	st.putToken(Token{Token: tokenstate.Token{Realm: "demo", User: "u", Client: "c", ClientID: "app", Session: "s", IssuedAt: 1}})
	if at := p.SweptUntil(); at != 0 {
		t.Errorf("a token of a client that is known was never looked at, and swept until %d", at)
	}
}
