package tokenstate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func (s *story) due(now events.Millis) []string {
	var users []string
	for _, d := range tokenstate.Due([]tokenstate.Token{token}, nil, s.facts, tokenstate.DefaultRules(), now) {
		users = append(users, d.Scope.User+d.Scope.Client)
	}
	return users
}

// seen is a story in which everything was looked at.
func seen(at events.Millis) *story {
	return newStory().observe(at, "kc1", events.Observation{
		Realm: &events.RealmLook{Enabled: true}, Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true}},
		User:    &events.UserLook{User: "u1", Enabled: true, OfflineAccess: true},
		Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: alive(birth)}},
	})
}

func TestDue(t *testing.T) {
	never := newStory().due(3000 * sec)
	if d := cmp.Diff([]string{"", "c1", "u1"}, never); d != "" {
		t.Fatalf("what was never seen is due: %s", d)
	}
	if got := seen(2000 * sec).due(2001 * sec); len(got) != 0 {
		t.Fatalf("just seen, yet due: %q", got)
	}
	s := seen(2000*sec).event(2500*sec, "kc1", events.Happened{Event: "event-logout", Type: "LOGOUT", User: "u1", Session: "s1"})
	if d := cmp.Diff([]string{"u1"}, s.due(2501*sec)); d != "" {
		t.Fatalf("a doubt is due: %s", d)
	}
	if got := s.look(2500*sec+3, "kc1", alive(birth), logout(2500*sec)).due(2502 * sec); len(got) != 0 {
		t.Fatalf("settled, yet due: %q", got)
	}
	if d := cmp.Diff([]string{"", "c1", "u1"}, seen(2000*sec).due(2000*sec+tokenstate.DefaultRules().Sweep)); d != "" {
		t.Fatalf("a sweep period later all are due: %s", d)
	}
}

// Ensure a token that a look missed while it was too young is looked at again once another
// look can prove something, and not before.
func TestDueWhenTooYoung(t *testing.T) {
	s := newStory().observe(birth.Millis()+100, "kc1", events.Observation{
		Realm: &events.RealmLook{Enabled: true}, Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true}},
		User:    &events.UserLook{User: "u1", Enabled: true, OfflineAccess: true},
		Rosters: []events.Roster{{User: "u1", Complete: true}},
	})
	ripe := birth.Millis() + tokenstate.DefaultRules().Margin
	if got := s.due(ripe - 1); len(got) != 0 {
		t.Fatalf("too early: %q", got)
	}
	if d := cmp.Diff([]string{"u1"}, s.due(ripe)); d != "" {
		t.Fatal(d)
	}
}

// Ensure everyone beneath a realm is due after a logout-all.
func TestDueBeneath(t *testing.T) {
	s := seen(2000*sec).event(2500*sec, "kc1", events.Happened{Event: "event-logoutall", Kind: "admin", Type: "ACTION REALM", Path: "logout-all"})
	if d := cmp.Diff([]string{"", "u1"}, s.due(2501*sec)); d != "" {
		t.Fatal(d)
	}
}

// Ensure a token whose client nobody can find does not make its user due for ever: a look over the
// admin API, which cannot ask for its session, settles what it can tell of the user.
func TestDueOfAClientThatIsGone(t *testing.T) {
	gone := token
	gone.Client, gone.ClientID = "", "gone"
	due := func(s *story, now events.Millis) (whom []string) {
		for _, w := range tokenstate.Due([]tokenstate.Token{gone}, nil, s.facts, tokenstate.DefaultRules(), now) {
			whom = append(whom, w.Scope.User)
		}
		return whom
	}
	look := func(s *story, at events.Millis) *story { // as worker's Asker sees a user without a client that it could name
		return s.observe(at, "", events.Observation{Realm: &events.RealmLook{Enabled: true}, User: &events.UserLook{User: "u1", Enabled: true, OfflineAccess: true}})
	}
	s := newStory()
	if d := cmp.Diff([]string{"", "u1"}, due(s, 2000*sec)); d != "" {
		t.Fatalf("never looked at: %s", d)
	}
	if got := due(look(s, 2001*sec), 2002*sec); len(got) != 0 {
		t.Fatalf("looked at, yet due: %q", got)
	}
	for n, h := range []events.Happened{
		{Event: "event-disable", Kind: "admin", Type: "UPDATE USER", Path: "users/u1"},
		{Event: "event-logout", Type: "LOGOUT", User: "u1", Session: "s1"},
		{Event: "event-provider", Kind: "admin", Type: "DELETE IDENTITY_PROVIDER", Path: "identity-provider/instances/up"},
		{Event: "event-lifetimes", Kind: "admin", Type: "UPDATE REALM"},
	} {
		at := events.Millis(3000+100*n) * sec
		if d := cmp.Diff("u1", last(due(s.event(at, "kc1", h), at+1))); d != "" {
			t.Fatalf("after %s: %s", h.Type, d)
		}
		if got := due(look(s, at+60*sec), at+61*sec); len(got) != 0 {
			t.Fatalf("after %s looked at, yet due: %q", h.Type, got)
		}
	}
	if v := tokenstate.Judge(gone, s.facts, tokenstate.DefaultRules()); !v.InDoubt {
		t.Error("of its session nobody knows: it stays in doubt")
	}
}

func last(of []string) string {
	if len(of) == 0 {
		return ""
	}
	return of[len(of)-1]
}
