package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/notice"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// people are everybody who holds something, as a test says.
type people struct {
	mu      sync.Mutex
	all     []projection.Holder
	keys    []apikey.Record
	unready bool
	cut     bool // another state is loaded while they are shown
}

func (p *people) Ready() (bool, string)                    { return !p.unready, "" }
func (p *people) WaitVersion(context.Context, int64) error { return nil }

func (p *people) EachHolder(_ bool, see func(projection.Holder)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.all {
		see(h)
	}
	return !p.cut
}

func (p *people) KeysThatEnd(now, until tokenstate.Seconds) (some []apikey.Record) {
	for _, k := range p.keys {
		if k.Expires > now && k.Expires <= until {
			some = append(some, k)
		}
	}
	return some
}

// board is where notices are kept. Its time is the bubble's.
type board struct {
	told   map[notice.Subject]notice.Told
	bodies []string
	uses   map[tokenstate.Scope]tokenstate.Millis
	fault  error // of Tell, once
	lost   bool  // and it has written all the same
}

func (b *board) NoticeMoment(context.Context) (tokenstate.Millis, int64, error) {
	return tokenstate.Millis(time.Now().UnixMilli()), 1, nil
}

func (b *board) Told(context.Context) (map[notice.Subject]notice.Told, error) {
	return maps.Clone(b.told), nil
}

func (b *board) KeyUses(context.Context, []tokenstate.Scope) (map[tokenstate.Scope]tokenstate.Millis, error) {
	return b.uses, nil
}

func (b *board) Tell(_ context.Context, _ tokenstate.Millis, all []notice.Written) error {
	fault := b.fault
	b.fault = nil
	if fault != nil && !b.lost {
		return fault
	}
	for _, w := range all {
		if b.told[w.Subject] != w.Last {
			return notice.ErrOvertaken
		}
	}
	for _, w := range all {
		b.told[w.Subject] = w.Tells()
		b.bodies = append(b.bodies, string(w.Body))
	}
	return fault
}

// types are those of what was told, with the users.
func (b *board) types(t *testing.T) (all []string) {
	t.Helper()
	for _, raw := range b.bodies {
		var e struct{ Type, Subject string }
		must(t, json.Unmarshal([]byte(raw), &e))
		all = append(all, e.Type[len("io.tokenstate."):]+" "+e.Subject)
	}
	return all
}

// holding is a user with a token of a client, in a state.
func holding(user, client string, v tokenstate.Verdict) projection.Holder {
	return projection.Holder{Realm: "demo", User: user, Owner: tokenstate.Ownership{Active: true}, Best: []projection.BestToken{{
		Token:   projection.Token{Token: tokenstate.Token{Realm: "demo", User: user, ClientID: client, Session: "s", IssuedAt: 7}},
		Verdict: v,
	}}}
}

var ended = tokenstate.Verdict{State: tokenstate.Revoked, Reason: tokenstate.ReasonSessionEnded, Cause: "event"}

// telling runs a teller in a bubble, of which a minute is soon over, and gives what was told meanwhile. The steps come half
// a minute of the bubble apart, after a first one.
func telling(t *testing.T, p *people, b *board, steps ...func()) []string {
	t.Helper()
	if b.told == nil {
		b.told = map[notice.Subject]notice.Told{}
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		teller := &Teller{Known: p, Notices: b, Settle: 10 * time.Second, LoginURL: "https://app.example/login", Skip: map[string]bool{"canary": true}, Logger: zerolog.Nop()}
		done := make(chan struct{})
		go func() { defer close(done); _ = teller.Run(ctx) }()
		for _, step := range append(steps, func() {}) {
			<-time.After(30 * time.Second)
			p.mu.Lock()
			step()
			p.mu.Unlock()
		}
		cancel()
		<-done
	})
	return b.types(t)
}

// Ensure each change is told once, however often everybody is looked at, and what is told says all that is known.
func TestTellerTellsOnce(t *testing.T) {
	p, b := &people{all: []projection.Holder{holding("ann", "app", ended), holding("ben", "app", tokenstate.Verdict{State: tokenstate.Usable})}}, &board{}
	b.uses = map[tokenstate.Scope]tokenstate.Millis{{Realm: "demo", User: "ann"}: 86_400_000}
	got := telling(t, p, b, func() {},
		func() { p.all[0] = holding("ann", "app", tokenstate.Verdict{State: tokenstate.Usable}) },
		func() { p.all[1].Owner = tokenstate.Ownership{Reason: tokenstate.ReasonUserDisabled, Cause: "look"} })
	if d := cmp.Diff([]string{"login.needed ann", "login.restored ann", "user.closed ben"}, got); d != "" {
		t.Error(d)
	}
	var first struct {
		Data struct {
			LastKeyUse string `json:"last_key_use"`
			LoginURL   string `json:"login_url"`
			EventID    string `json:"event_id"`
		}
	}
	must(t, json.Unmarshal([]byte(b.bodies[0]), &first))
	if first.Data.LastKeyUse != "1970-01-02T00:00:00Z" || first.Data.LoginURL != "https://app.example/login" || first.Data.EventID != "event" {
		t.Errorf("%+v", first)
	}
}

// Ensure nothing is told that was over before it had settled, that nobody could be sure of, or that is of a client which is
// left out.
func TestTellerIsSilent(t *testing.T) {
	doubted := ended
	doubted.InDoubt = true
	for name, p := range map[string]*people{
		"in doubt":         {all: []projection.Holder{holding("ann", "app", doubted)}},
		"left out":         {all: []projection.Holder{holding("ann", "canary", ended)}},
		"not ready":        {all: []projection.Holder{holding("ann", "app", ended)}, unready: true},
		"replaced":         {all: []projection.Holder{holding("ann", "app", ended)}, cut: true},
		"holds keys alone": {all: []projection.Holder{{Realm: "demo", User: "ann", Owner: tokenstate.Ownership{Active: true}}}},
	} {
		if got := telling(t, p, &board{}); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Ensure a fault after which nobody knows whether the notices were written leads to each of them once, and so does another
// worker that was faster; and that what comes later is told.
func TestTellerAfterFaults(t *testing.T) {
	for _, fault := range []error{errors.New("the connection is gone"), notice.ErrOvertaken} {
		for _, lost := range []bool{false, true} {
			p, b := &people{all: []projection.Holder{holding("ann", "app", ended)}}, &board{fault: fault, lost: lost}
			got := telling(t, p, b, func() { p.all = append(p.all, holding("ben", "app", ended)) }, func() {})
			if d := cmp.Diff([]string{"login.needed ann", "login.needed ben"}, got); d != "" {
				t.Errorf("%v, written %v: %s", fault, lost, d)
			}
		}
	}
}

// Ensure what one worker has told another does not tell again.
func TestTellerTakesOver(t *testing.T) {
	p, b := &people{all: []projection.Holder{holding("ann", "app", ended)}}, &board{}
	for range 2 {
		telling(t, p, b)
	}
	if d := cmp.Diff([]string{"login.needed ann"}, b.types(t)); d != "" {
		t.Error(d)
	}
}

// Ensure very many are told, too, in several transactions.
func TestTellerTellsMany(t *testing.T) {
	p := &people{}
	for n := range 2*tellAtOnce + 1 {
		p.all = append(p.all, holding(fmt.Sprint(n), "app", ended))
	}
	if got := telling(t, p, &board{}); len(got) != 2*tellAtOnce+1 {
		t.Errorf("%d were told", len(got))
	}
}

// Ensure a login's end is told once, also by another worker; that the canary's is not; and that it is needed once it is over.
func TestTellerTellsOfEnds(t *testing.T) {
	ending := func(user, client string) projection.Holder {
		h := holding(user, client, tokenstate.Verdict{State: tokenstate.Usable})
		h.Best[0].Ends = 946_684_800 + 24*60*60 // a bubble begins with the year 2000
		return h
	}
	p, b := &people{all: []projection.Holder{ending("ann", "app"), ending("ben", "canary")}}, &board{}
	telling(t, p, b, func() {}, func() {})
	got := telling(t, p, b, func() { p.all[0] = holding("ann", "app", ended) })
	if d := cmp.Diff([]string{"login.expiring ann", "login.needed ann"}, got); d != "" {
		t.Error(d)
	}
}

// Ensure a key's end is told.
func TestTellerTellsOfKeys(t *testing.T) {
	const days = 24 * 60 * 60
	end := tokenstate.Seconds(946_684_800 + 3*days) // a bubble begins with the year 2000
	p := &people{keys: []apikey.Record{{ID: "k", Realm: "demo", User: "ann", Created: end - 90*days, Expires: end}}}
	if d := cmp.Diff([]string{"key.expiring ann"}, telling(t, p, &board{}, func() {})); d != "" {
		t.Error(d)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
