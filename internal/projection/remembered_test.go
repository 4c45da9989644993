package projection

import (
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// look is one of chance at the realm, the client, a user and their session: mostly they are as they should be.
func (c *crowd) look(rnd *rand.Rand, u, s string) *events.Observation {
	chance := func() bool { return rnd.Intn(25) == 0 }
	yes, consent, once := !chance(), chance(), chance()
	o := &events.Observation{}
	if rnd.Intn(2) == 0 {
		o.Realm = &events.RealmLook{Enabled: !chance(), Name: "demo", RefreshOnce: &once, Gone: rnd.Intn(100) == 0}
		if chance() {
			o.Realm.FrontendURL = "https://other.example"
		}
		name := "app"
		if chance() {
			name = "renamed"
		}
		o.Clients = []events.ClientLook{{Client: "c1", ClientID: name, Enabled: !chance(), OfflineAccess: &yes, ConsentRequired: &consent}}
	}
	if rnd.Intn(3) > 0 {
		o.User = &events.UserLook{User: u, Enabled: !chance(), OfflineAccess: !chance(), Gone: rnd.Intn(100) == 0}
	}
	var lives []events.ClientSession
	if !chance() {
		lives = []events.ClientSession{{Session: s, Client: "c1", ClientID: "app", User: u}}
	}
	o.Rosters = []events.Roster{{User: u, Complete: true, Sessions: lives}}
	if rnd.Intn(2) == 0 {
		o.Causes = []events.Cause{{Event: fmt.Sprint("event-", c.n-rnd.Intn(3)), Type: "LOGIN", Session: s}}
	}
	return o
}

// anything tells of something of chance.
func (c *crowd) anything(rnd *rand.Rand, at events.Millis) string {
	n := rnd.Intn(4)
	u, s, node := user(n), session(n), fmt.Sprint("kc", 1+rnd.Intn(2))
	happened := func(kind, what, path string) *events.Happened {
		return &events.Happened{Event: fmt.Sprint("event-", c.n), Kind: kind, Type: what, Path: path, User: u, Session: s, Client: "c1", CommittedBy: at}
	}
	order := func(o events.Order) string {
		o.By, o.Reason = "op", "why"
		c.tell(at, "", &o)
		return "an order: " + o.Order
	}
	refresh := func() (o events.Order) {
		c.p.st.eachToken(func(h *heldToken) {
			if t := h.token(); o.User == "" || rnd.Intn(4) == 0 {
				o = events.Order{User: t.User, Client: t.Client, ClientID: t.ClientID, Session: t.Session, IssuedAt: t.IssuedAt}
			}
		})
		o.Order, o.Refused = events.OrderRefresh, rnd.Intn(3) > 0
		return o
	}
	switch rnd.Intn(33) {
	case 32:
		return order(events.Order{Order: events.OrderKeyRevoked, User: u, Key: fmt.Sprint("k", rnd.Intn(4))})
	case 0, 1:
		tok := tokenstate.Token{Realm: "demo", User: u, Client: "c1", ClientID: "app", Session: s, IssuedAt: at.Second(), Issuer: "https://sso.example/realms/demo"}
		if rnd.Intn(4) == 0 {
			tok.Client = ""
		}
		if rnd.Intn(4) == 0 {
			tok.User = "another name of " + u
		}
		c.install(Change{Token: &Token{Token: tok}})
		return "a token of " + u
	case 2:
		c.install(Change{Key: &apikey.Record{ID: fmt.Sprint("k", n), Realm: "demo", User: u}})
	case 3:
		c.tell(at, node, happened("user", []string{"LOGIN", "LOGOUT", "REVOKE_GRANT", "UPDATE_CONSENT"}[rnd.Intn(4)], ""))
	case 4:
		h := happened("admin", []string{"UPDATE REALM", "UPDATE COMPONENT", "DELETE REALM_ROLE", "UPDATE CLIENT_SCOPE", "DELETE REALM", "ACTION REALM", "ACTION REALM"}[rnd.Intn(7)], "x")
		h.User, h.Session, h.Client = "", "", ""
		c.tell(at, node, h)
		return h.Type
	case 5:
		h := happened("admin", "UPDATE CLIENT", "clients/c1")
		h.User, h.Session = "", ""
		c.tell(at, node, h)
		return h.Type
	case 6:
		return order(events.Order{Order: events.OrderRevoke, User: []string{u, "", "another name of " + u}[rnd.Intn(3)], Client: []string{"c1", ""}[rnd.Intn(2)], Before: at.Second() - 30, Tokens: true, Keys: rnd.Intn(2) == 0})
	case 7:
		return order(events.Order{Order: events.OrderStanding, User: []string{u, "another name of " + u}[rnd.Intn(2)], Enabled: rnd.Intn(2) == 0})
	case 8:
		return order(refresh())
	case 10:
		return order(events.Order{Order: events.OrderRevoke, Session: s, Before: at.Second() + 1, Tokens: true})
	case 11:
		h := happened("admin", "DELETE USER_SESSION", "sessions/"+s)
		h.User, h.Client = "", ""
		c.tell(at, node, h)
		return h.Type
	case 12: // somebody has set other bounds
		status := c.p.status
		status.Rules.Skew = tokenstate.Millis(rnd.Intn(3) * 4000)
		c.p.settle(status, time.Now())
		return "other rules"
	case 13, 14: // a look at the realm alone, taken for an event or for none of these
		o := &events.Observation{Realm: &events.RealmLook{Enabled: true, Name: "demo"}, Causes: []events.Cause{{Event: fmt.Sprint("event-", c.n-rnd.Intn(3)), Type: "ACTION REALM"}}}
		c.tell(at, node, o)
		return "a look at the realm"
	case 9:
		c.tell(at, "", &events.Pardon{Cause: fmt.Sprintf("message-%06d", rnd.Intn(c.n+1)), By: "op", Reason: "why"})
	default:
		c.tell(at, node, c.look(rnd, u, s))
		return "a look at " + u
	}
	return "something"
}

// Ensure what is remembered is what would be computed, whatever happens in between.
func TestRememberedVerdicts(t *testing.T) {
	seeds, _ := strconv.Atoi(os.Getenv("REMEMBERED_SEEDS"))
	usable, remembered, cuts, uncut := 0, 0, 0, 0
	for seed := range int64(max(seeds, histories)) {
		rnd := rand.New(rand.NewSource(seed))
		c, at := newCrowd(t, never), events.Millis(1_700_000_000_000)
		for range 120 {
			at += events.Millis(rnd.Intn(2500))
			what := c.anything(rnd, at)
			for range 2 {
				c.p.st.eachToken(func(h *heldToken) {
					want := tokenstate.Judge(h.token(), c.facts, c.p.status.Rules)
					if got := c.p.Judge(h.token()); got != want {
						t.Fatalf("seed %d, after %s:\nremembered %+v\ncomputed   %+v", seed, what, got, want)
					}
					unbound := h.token()
					unbound.Client = ""
					want = tokenstate.Judge(unbound, c.facts, c.p.status.Rules)
					if got := c.p.Judge(unbound); got != want {
						t.Fatalf("seed %d, after %s, the client's UUID not known:\nremembered %+v\ncomputed   %+v", seed, what, got, want)
					}
					if _, ok := h.known.recall(c.p.st.estates["demo"].generation); ok {
						remembered++
					}
					if want := c.p.Judge(h.token()); want.State == tokenstate.Usable && !want.InDoubt && h.alike.client != "" {
						usable++
					}
				})
			}
			for _, u := range c.p.st.users() {
				want := tokenstate.Owner(u.Realm, u.User, c.facts, c.p.status.Rules)
				if got := c.p.Owner(u.Realm, u.User); got != want {
					t.Fatalf("seed %d, after %s: owner %s\nremembered %+v\ncomputed   %+v", seed, what, u.User, got, want)
				}
				for i := range 4 {
					id := fmt.Sprint("k", i)
					c1, cause1, cut1 := c.p.KeyCut(u.Realm, u.User, id)
					c2, cause2, cut2 := c.facts.KeyCut(u.Realm, u.User, id)
					if c1 != c2 || cause1 != cause2 || cut1 != cut2 {
						t.Fatalf("seed %d, after %s: %s of %s\nremembered %+v %s\nknown      %+v %s", seed, what, id, u.User, c1, cause1, c2, cause2)
					}
					if h := c.p.st.holder(u.Realm, u.User); cut2 {
						cuts++
					} else if h.uncut.Load() {
						uncut++
					}
				}
			}
		}
	}
	t.Logf("%d usable, %d times a key cut, %d times none", usable, cuts, uncut)
	if cuts == 0 || uncut == 0 {
		t.Error("keys were not revoked, or it was not remembered that they were not")
	}
	if usable == 0 || remembered != usable {
		t.Errorf("%d of %d usable ones are remembered", remembered, usable)
	}
}

// Ensure a token whose client's UUID is not known is answered by what is remembered of the same token with it.
func TestRememberedWithoutTheClientsUUID(t *testing.T) {
	c, at := newCrowd(t, never), events.Millis(1_700_000_000_000)
	c.tell(at, "kc1", &events.Observation{Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true}}})
	tok := tokenstate.Token{Realm: "demo", User: "u", Client: "c1", ClientID: "app", Session: "s", IssuedAt: at.Second()}
	c.install(Change{Token: &Token{Token: tok}})
	held := c.p.st.heldAt(placeOf(tok))
	held.known.keep(c.p.st.estates["demo"].generation, 7) // as nothing that is computed says
	tok.Client = ""
	if v := c.p.Judge(tok); v.CheckedAt != 7 {
		t.Errorf("it was computed: %+v", v)
	}
}

// Ensure an order about whom a token names ends what is remembered of it, though the session is another user's. Histories
// of chance have this once in ninety.
func TestRememberedUnderAnotherName(t *testing.T) {
	c, at := newCrowd(t, never), events.Millis(1_700_000_000_000)
	yes, no := true, false
	lives := []events.ClientSession{{Session: "s", Client: "c1", ClientID: "app", User: "u"}}
	c.tell(at, "kc1", &events.Observation{
		Realm:   &events.RealmLook{Enabled: true, Name: "demo"},
		Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true, OfflineAccess: &yes, ConsentRequired: &no}},
		User:    &events.UserLook{User: "u", Enabled: true, OfflineAccess: true},
		Rosters: []events.Roster{{User: "u", Complete: true, Sessions: lives}},
	})
	tok := tokenstate.Token{Realm: "demo", User: "the backend's name of u", Client: "c1", ClientID: "app", Session: "s", IssuedAt: at.Second()}
	c.install(Change{Token: &Token{Token: tok}})
	c.p.Judge(tok)
	if _, ok := c.p.st.heldAt(placeOf(tok)).known.recall(c.p.st.estates["demo"].generation); !ok {
		t.Fatalf("nothing is remembered: %+v", c.p.Judge(tok))
	}
	c.tell(at+1000, "", &events.Order{Order: events.OrderStanding, User: tok.User, By: "op", Reason: "why"})
	if v := c.p.Judge(tok); v.State == tokenstate.Usable {
		t.Errorf("remembered: %+v", v)
	}
}

// Ensure many may ask at once, while changes come, and that afterwards what is remembered is what would be computed.
func TestManyReadersRemember(t *testing.T) {
	c, at := newCrowd(t, never), events.Millis(1_700_000_000_000)
	rnd := rand.New(rand.NewSource(1))
	for range 60 {
		at += 1000
		c.anything(rnd, at)
	}
	var tokens []tokenstate.Token
	c.p.st.eachToken(func(h *heldToken) { tokens = append(tokens, h.token()) })
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for n := range 4 {
		readers.Go(func() {
			for i := n; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				t := tokens[i%len(tokens)]
				c.p.Judge(t)
				c.p.Owner(t.Realm, t.User)
				c.p.Best(t.Realm, t.User, "", nil)
				c.p.SweptUntil()
			}
		})
	}
	for range 100 {
		at += 1000
		learnt := tokenstate.Learn(events.Message{
			ID: fmt.Sprint("late-", at), Realm: "demo", At: at, Received: at, Node: "kc1", Source: events.Listener, Body: c.look(rnd, user(rnd.Intn(4)), session(rnd.Intn(4))),
		})
		c.facts.Add(learnt)
		for _, r := range learnt.Rows() {
			c.p.install(c.p.status, Version{Changes: []Change{{Fact: r}}}, time.Now())
		}
	}
	close(stop)
	readers.Wait()
	for _, tok := range tokens {
		if got, want := c.p.Judge(tok), tokenstate.Judge(tok, c.facts, c.p.Rules()); got != want {
			t.Errorf("remembered %+v\ncomputed   %+v", got, want)
		}
	}
}
