package projection

import (
	"math/rand"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure everybody is shown once, with what Best and Owner answer of them, whatever has happened.
func TestEachHolder(t *testing.T) {
	for seed := range int64(20) {
		c, rnd := newCrowd(t, 1), rand.New(rand.NewSource(seed))
		at := events.Millis(time.Now().Add(-time.Hour).UnixMilli())
		for range 60 {
			at += events.Millis(rnd.Intn(20_000))
			c.step(rnd, at, true)
		}
		want, got := map[string]Holder{}, map[string]Holder{}
		for realm, e := range c.p.st.estates {
			for user, h := range e.holders {
				one := Holder{Realm: realm, User: user, Owner: c.p.Owner(realm, user)}
				clients := map[string]bool{}
				for held := h.tokens; held != nil; held = held.next {
					clients[held.alike.clientID] = true
				}
				for client := range clients {
					token, verdict, _ := c.p.Best(realm, user, client, func(t Token) bool { return c.p.st.heldAt(placeOf(t.Token)).owner == h })
					best := BestToken{Token: token, Verdict: verdict}
					if verdict.State == tokenstate.Usable {
						best.Ends = c.p.st.facts.Ends(token.Token)
					}
					one.Best = append(one.Best, best)
				}
				want[realm+" "+user] = one
			}
		}
		if !c.p.EachHolder(true, func(h Holder) {
			if _, twice := got[h.Realm+" "+h.User]; twice {
				t.Errorf("%s is shown twice", h.User)
			}
			h.Best = append([]BestToken(nil), h.Best...)
			got[h.Realm+" "+h.User] = h
		}) {
			t.Fatal("not all are shown")
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d (- by Best and Owner, + by EachHolder):\n%s", seed, d)
		}
	}
}

// Ensure nothing of a state that was replaced meanwhile is shown, and that nothing loaded is no answer.
func TestEachHolder_Reloaded(t *testing.T) {
	c := newCrowd(t, 1)
	for n := range dueChunk + 1 {
		c.install(Change{Token: &Token{Token: tokenstate.Token{Realm: "demo", User: user(n), ClientID: "app", Session: session(n)}}})
	}
	seen := 0
	if c.p.EachHolder(true, func(Holder) {
		if seen++; seen == dueChunk {
			c.p.st = newState()
		}
	}) || seen != dueChunk {
		t.Errorf("%d were shown, of a state that was replaced after %d", seen, dueChunk)
	}
	c.p.st = nil
	if c.p.EachHolder(true, func(Holder) { t.Error("somebody is shown") }) {
		t.Error("nothing is loaded, and all are shown")
	}
}

// Ensure of all keys those are found that pass and end within the time.
func TestKeysThatEnd(t *testing.T) {
	c := newCrowd(t, 1)
	key := func(id, user string, change func(*apikey.Record)) {
		k := apikey.Record{ID: id, Realm: "demo", User: user, Created: 100, Expires: 2000}
		change(&k)
		c.install(Change{Key: &k})
	}
	key("ends", "u1", func(*apikey.Record) {})
	key("later", "u1", func(k *apikey.Record) { k.Expires = 2001 })
	key("over", "u1", func(k *apikey.Record) { k.Expires = 1000 })
	key("never", "u1", func(k *apikey.Record) { k.Expires = 0 })
	key("revoked", "u1", func(k *apikey.Record) { k.RevokedAt = 150 })
	key("disabled", "u2", func(*apikey.Record) {})
	key("cut", "u3", func(*apikey.Record) {})
	c.tell(200_000, "kc1", &events.Observation{User: &events.UserLook{User: "u2", OfflineAccess: true}})
	cut := tokenstate.CutoffRow{Scope: tokenstate.Scope{Realm: "demo", User: "u3"}, Cause: "order", Value: tokenstate.Cutoff{Before: 300, At: 300_000, Keys: true}}
	c.install(Change{Fact: cut})
	var ids []string
	for _, k := range c.p.KeysThatEnd(1000, 2000) {
		ids = append(ids, k.ID)
	}
	if d := cmp.Diff([]string{"ends"}, ids); d != "" {
		t.Error(d)
	}
}
