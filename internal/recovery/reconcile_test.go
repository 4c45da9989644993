package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

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
	fault  error
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
		pages := worker.Pages{Ask: r, Logger: zerolog.Nop(), Rest: func(context.Context, time.Duration) {}}
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
