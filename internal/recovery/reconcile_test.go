package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/worker"
)

const (
	users   = 1000
	absent  = 10 // the session of this user is gone
	blocked = 20 // this one is disabled
	skipped = 30 // this one lives, and no page shows them
	early   = events.Millis(1_700_000_000_000)
	late    = early + 3_600_000
)

// realm is a Keycloak of which all pages are right, but skip somebody.
type realm struct {
	looked []string
	fault  error // of pages
	away   error // of looks
}

func name(n int) string { return fmt.Sprintf("user-%04d", n) }

func (r *realm) Look(_ context.Context, s tokenstate.Scope, _ []tokenstate.Token) ([]events.Message, error) {
	o := &events.Observation{}
	switch {
	case s.User != "":
		r.looked = append(r.looked, s.User)
		o.User = &events.UserLook{User: s.User, Enabled: s.User != name(blocked), OfflineAccess: true}
		ro := events.Roster{User: s.User, Client: "c1", Complete: true}
		if s.User != name(absent) {
			ro.Sessions = []events.ClientSession{{Session: "of-" + s.User, Client: "c1"}}
		}
		o.Rosters = []events.Roster{ro}
	case s.Client != "":
		o.Clients = []events.ClientLook{{Client: s.Client, ClientID: "app", Enabled: true}}
	default:
		o.Realm = &events.RealmLook{Enabled: true}
	}
	if r.away != nil {
		return nil, r.away
	}
	return []events.Message{{ID: "look-" + s.User + s.Client, Realm: "demo", At: late, Source: events.Look, Body: o}}, nil
}

func (*realm) LookNamed(context.Context, string, string) (events.Message, string, error) {
	return events.Message{}, "", errors.New("nobody asks")
}

func (r *realm) Sessions(_ context.Context, _, _ string, first, limit int) (worker.Page, error) {
	p := worker.Page{At: late}
	for n := first; n < min(first+limit, users); n++ {
		if p.Rows++; n != absent && n != skipped {
			p.Sessions = append(p.Sessions, events.ClientSession{Session: "of-" + name(n), Client: "c1", User: name(n)})
		}
	}
	p.Mark = name(first)
	return p, r.fault
}

func (r *realm) Users(_ context.Context, _ string, first, limit int, _ bool) (worker.Page, error) {
	p := worker.Page{At: late, Mark: name(first)}
	for n := first; n < min(first+limit, users); n++ {
		p.Rows++
		p.Users = append(p.Users, events.UserSeen{User: name(n), Enabled: n != blocked})
	}
	return p, r.fault
}

func before() recovery.State {
	s := recovery.State{Facts: tokenstate.NewFacts(), Rules: tokenstate.DefaultRules()}
	for n := range users {
		s.Tokens = append(s.Tokens, tokenstate.Token{Realm: "demo", User: name(n), Client: "c1", ClientID: "app", Session: "of-" + name(n), IssuedAt: 1_600_000_000})
		s.Facts.Add(tokenstate.Learn(events.Message{ID: "first-" + name(n), Realm: "demo", At: early, Received: early, Node: "kc1", Source: events.Listener, Body: &events.Observation{
			User:    &events.UserLook{User: name(n), Enabled: true, OfflineAccess: true},
			Rosters: []events.Roster{{User: name(n), Complete: true, Sessions: []events.ClientSession{{Session: "of-" + name(n), Client: "c1"}}}},
		}}))
	}
	return s
}

// Ensure that a dry run asks by pages where there are many, asks by themselves about exactly those
// whom the pages have not shown as they were known, and finds exactly what differs; and that pages
// which cannot be had cost looks and make nothing false.
func TestReconcileByPages(t *testing.T) {
	for kind, c := range map[string]struct {
		fault  error
		looks  int
		failed int
	}{
		"pages":    {nil, 3, 0},
		"no pages": {worker.ErrNoSuch, users, 1},
	} {
		r, s := &realm{fault: c.fault}, before()
		pages := &worker.Pages{Ask: r, Logger: zerolog.Nop(), Rest: func(context.Context, time.Duration) {}}
		then, failed, err := recovery.Reconcile(t.Context(), r, pages, s, recovery.Subjects(s, ""), rate.NewLimiter(rate.Inf, 1), func(int) {})
		if err != nil || len(failed) != c.failed {
			t.Fatalf("%s: %v, %v", kind, err, failed)
		}
		if len(r.looked) != c.looks {
			t.Errorf("%s: %d looks, want %d: %.200v", kind, len(r.looked), c.looks, r.looked)
		}
		ds := recovery.Differences(s, then)
		if len(ds) != 2 || ds[0].User != name(absent) || ds[0].After != "revoked session_absent" || ds[1].User != name(blocked) || ds[1].After != "suspended user_disabled" {
			t.Errorf("%s: %+v", kind, ds)
		}
	}
}

// Ensure reconcile ends where Keycloak is away, and concludes nothing from the looks before; a fault of one subject
// is told, and the others are looked at.
func TestReconcileWithoutKeycloak(t *testing.T) {
	for name, c := range map[string]struct {
		fault  error
		ends   bool
		looked int
	}{
		"away":          {worker.ErrAway, true, 1},
		"another fault": {errors.New("refused"), false, 5},
	} {
		r, s := &realm{away: c.fault}, before()
		s.Tokens = s.Tokens[:5]
		pages := &worker.Pages{Ask: r, Logger: zerolog.Nop(), Rest: func(context.Context, time.Duration) {}}
		var users []tokenstate.Scope
		for _, u := range recovery.Subjects(s, "") {
			if u.User != "" {
				users = append(users, u)
			}
		}
		_, failed, err := recovery.Reconcile(t.Context(), r, pages, s, users, rate.NewLimiter(rate.Inf, 1), func(int) {})
		if errors.Is(err, worker.ErrAway) != c.ends || len(r.looked) != c.looked || !c.ends && len(failed) != c.looked {
			t.Errorf("%s: %d looks, %d failed, %v", name, len(r.looked), len(failed), err)
		}
	}
}

// Ensure that what no look can settle is named, and not waited for.
func TestTokensOfAClientThatIsGone(t *testing.T) {
	s := recovery.State{Facts: tokenstate.NewFacts(), Rules: tokenstate.DefaultRules(), Tokens: []tokenstate.Token{
		{Realm: "demo", User: "u", Client: "c1", ClientID: "app", Session: "s1", IssuedAt: 1_600_000_000},
		{Realm: "demo", User: "u", ClientID: "gone", Session: "s2", IssuedAt: 1_600_000_000},
		{Realm: "demo", User: "other", ClientID: "gone", Session: "s3", IssuedAt: 1_600_000_000},
	}}
	s.Facts.Add(tokenstate.Learn(events.Message{ID: "order", Realm: "demo", At: early, Received: early, Source: events.Operator, Body: &events.Order{Order: events.OrderLook, By: "me", User: "u"}}))
	subjects := recovery.Subjects(s, "u")
	if n := recovery.InDoubt(s, subjects); n != 1 {
		t.Errorf("%d are waited for", n)
	}
	if n := recovery.Unnamed(s, subjects); len(n) != 1 || n["gone"] != 1 {
		t.Errorf("%v", n)
	}
	s.Keys = []apikey.Record{{ID: "k", Realm: "demo", User: "u"}}
	if n := recovery.InDoubt(s, subjects); n != 2 {
		t.Errorf("with a key %d are waited for", n)
	}
}

// Ensure a dry run tells both kinds of difference, and that a cutoff which alone keeps a token dead
// that Keycloak shows living is told with the pardon it wants: not while no later look shows it, not
// for an order, and not when something else closes it, too.
func TestMistakes(t *testing.T) {
	tok := tokenstate.Token{Realm: "demo", User: "u", Client: "c1", ClientID: "app", Session: "s1", IssuedAt: early.Second() - 100}
	learn := func(f tokenstate.Facts, id string, at events.Millis, source events.Source, body events.Body) {
		f.Add(tokenstate.Learn(events.Message{ID: id, Realm: "demo", At: at, Received: at, Source: source, Body: body}))
	}
	look := func(f tokenstate.Facts, at events.Millis, enabled, lives bool) {
		ro := events.Roster{User: "u", Client: "c1", Complete: true}
		if lives {
			ro.Sessions = []events.ClientSession{{Session: "s1", Client: "c1"}}
		}
		learn(f, fmt.Sprint("look-", at), at, events.Look, &events.Observation{User: &events.UserLook{User: "u", Enabled: enabled, OfflineAccess: true}, Rosters: []events.Roster{ro}})
	}
	deleted := &events.Happened{Event: "event-deleted", Kind: "admin", Type: "DELETE USER", Path: "users/u", User: "u"}
	for name, c := range map[string]struct {
		tell   func(tokenstate.Facts)
		pardon string
	}{
		"a deletion, and they live": {func(f tokenstate.Facts) { learn(f, "e/b", early, events.Backfill, deleted); look(f, late, true, true) }, "event-deleted"},
		"a deletion":                {func(f tokenstate.Facts) { learn(f, "e/b", early, events.Backfill, deleted) }, ""},
		"seen before the deletion": {func(f tokenstate.Facts) {
			look(f, early-60_000, true, true)
			learn(f, "e/b", early, events.Backfill, deleted)
		}, ""},
		"disabled, too":             {func(f tokenstate.Facts) { learn(f, "e/b", early, events.Backfill, deleted); look(f, late, false, true) }, ""},
		"and their session is gone": {func(f tokenstate.Facts) { learn(f, "e/b", early, events.Backfill, deleted); look(f, late, true, false) }, ""},
		"an order, too": {func(f tokenstate.Facts) {
			learn(f, "e/b", early, events.Backfill, deleted)
			learn(f, "order", early+1, events.Operator, &events.Order{Order: events.OrderRevoke, By: "me", User: "u", Before: early.Second(), Tokens: true})
			look(f, late, true, true)
		}, ""},
		"an order": {func(f tokenstate.Facts) {
			learn(f, "order", early, events.Operator, &events.Order{Order: events.OrderRevoke, By: "me", User: "u", Before: early.Second(), Tokens: true})
			look(f, late, true, true)
		}, ""},
	} {
		s := recovery.State{Facts: tokenstate.NewFacts(), Rules: tokenstate.DefaultRules(), Tokens: []tokenstate.Token{tok}}
		c.tell(s.Facts)
		ds := recovery.Mistaken(s)
		if c.pardon == "" {
			if len(ds) != 0 {
				t.Errorf("%s: %+v", name, ds)
			}
			continue
		}
		if len(ds) != 1 || ds[0].Because != c.pardon || !strings.HasSuffix(ds[0].After, "pardon "+c.pardon) || ds[0].Before != "revoked user_deleted" {
			t.Errorf("%s: %+v", name, ds)
			continue
		}
		learn(s.Facts, "pardon", late, events.Operator, &events.Pardon{Cause: c.pardon, By: "me", Reason: "a mistake"})
		if v := tokenstate.Judge(tok, s.Facts, s.Rules); v.State != tokenstate.Usable || len(recovery.Mistaken(s)) != 0 {
			t.Errorf("%s: pardoned, and %+v", name, v)
		}
	}

	var states []recovery.State // as known, and as the looks of two dry runs leave it
	for n, live := range []([]events.ClientSession){nil, {}, {{Session: "of-" + name(0), Client: "c1"}}} {
		s := before()
		if n > 0 {
			s.Facts = tokenstate.Join(states[n-1].Facts, tokenstate.NewFacts())
			learn(s.Facts, fmt.Sprint("look-", n), early+events.Millis(n)*60_000, events.Look, &events.Observation{
				User: &events.UserLook{User: name(0), Enabled: true, OfflineAccess: true}, Rosters: []events.Roster{{User: name(0), Client: "c1", Complete: true, Sessions: live}},
			})
		}
		states = append(states, s)
	}
	for n, want := range [][2]string{{"usable", "revoked session_absent"}, {"revoked session_absent", "usable"}} {
		if ds := recovery.Differences(states[n], states[n+1]); len(ds) != 1 || ds[0].User != name(0) || [2]string{ds[0].Before, ds[0].After} != want {
			t.Errorf("want %q, got %+v", want, ds)
		}
	}
}
