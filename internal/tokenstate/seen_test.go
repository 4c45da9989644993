package tokenstate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const sweep = 6 * 3600 * sec

// page is what the sweep publishes of one page of users and one of a client's sessions.
func (s *story) page(at events.Millis, users []events.UserSeen, sessions []events.ClientSession) *story {
	o := events.Observation{Users: users}
	if sessions != nil {
		o.Rosters = []events.Roster{{Client: "c1", Sessions: sessions}}
	}
	return s.tell(events.Message{ID: "page-" + at.Time().Format("150405.000"), At: at, Source: events.Look, Body: &o})
}

func open(notBefore events.Seconds) []events.UserSeen {
	return []events.UserSeen{{User: "u1", Enabled: true, NotBefore: notBefore}}
}

// itself looks at the realm and the client, so that only the user can be due.
func (s *story) itself(at events.Millis) *story {
	return s.observe(at, "kc1", events.Observation{
		Realm: &events.RealmLook{Enabled: true}, Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true}},
	})
}

// Ensure that whoever both pages show is not looked at for another sweep period, and that one of
// the two is not enough.
func TestSeenByPages(t *testing.T) {
	now := 2000*sec + sweep + 60*sec
	at := now - 30*sec
	both := seen(2000*sec).itself(at).page(at, open(0), alive(birth))
	if got := both.due(now); len(got) != 0 {
		t.Fatalf("seen by both pages, yet due: %q", got)
	}
	if v := both.want(t, tokenstate.Usable, ""); v.CheckedAt != at {
		t.Fatalf("checked at %d, not %d", v.CheckedAt, at)
	}
	if d := cmp.Diff([]string{"", "c1", "u1"}, both.due(at+sweep)); d != "" {
		t.Fatalf("due again a period after the pages: %s", d)
	}
	for name, s := range map[string]*story{
		"no user":    seen(2000*sec).itself(at).page(at, nil, alive(birth)),
		"no session": seen(2000*sec).itself(at).page(at, open(0), []events.ClientSession{{Session: "s2", Client: "c1"}}),
	} {
		if d := cmp.Diff([]string{"u1"}, s.due(now)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// Ensure that a page which does not list a session says nothing about it, however old the token
// is and whatever was seen before: offset paging skips the living.
func TestPageProvesNoAbsence(t *testing.T) {
	s := seen(2000*sec).page(5000*sec, nil, []events.ClientSession{{Session: "s2", Client: "c1"}}).page(5001*sec, nil, []events.ClientSession{})
	s.want(t, tokenstate.Usable, "")
	if v := s.want(t, tokenstate.Usable, ""); v.CheckedAt != 2000*sec {
		t.Fatalf("a page that does not list it counts as a look: %d", v.CheckedAt)
	}
	if got := seen(2000*sec).page(5000*sec, []events.UserSeen{{User: "u2", Enabled: true}}, nil).due(5001 * sec); len(got) != 0 {
		t.Fatalf("a page without the user makes them due: %q", got)
	}
}

// Ensure that a listing brings a session back that an earlier look missed.
func TestPageProvesLife(t *testing.T) {
	s := newStory().itself(2000*sec).look(2000*sec, "kc1", nil)
	s.want(t, tokenstate.Revoked, tokenstate.ReasonSessionAbsent)
	s.page(3000*sec, open(0), alive(birth)).want(t, tokenstate.Usable, "")
}

// Ensure that a page which does not agree with the last look changes no verdict and calls for a
// look at once; and that one which agrees, and a look, do not.
func TestPageContradicts(t *testing.T) {
	disabled := []events.UserSeen{{User: "u1", Enabled: false}}
	for name, c := range map[string]struct {
		s   *story
		due bool
	}{
		"disabled":      {seen(2000*sec).page(2100*sec, disabled, alive(birth)), true},
		"not-before":    {seen(2000*sec).page(2100*sec, open(1500), alive(birth)), true},
		"agrees":        {seen(2000*sec).page(2100*sec, open(0), alive(birth)), false},
		"later look":    {seen(2000*sec).page(2100*sec, disabled, nil).look(2200*sec, "kc1", alive(birth)), false},
		"later page":    {seen(2000*sec).page(2100*sec, disabled, nil).page(2200*sec, open(0), nil), false},
		"same instant":  {seen(2000*sec).page(2100*sec, disabled, nil).page(2100*sec, open(0), nil), true},
		"older page":    {seen(2000*sec).page(1900*sec, disabled, nil), false},
		"disabled, too": {seen(2000*sec).observe(2050*sec, "kc1", closedUser()).page(2100*sec, disabled, nil), false},
		"enabled again": {seen(2000*sec).observe(2050*sec, "kc1", closedUser()).page(2100*sec, open(0), nil), true},
		"back":          {seen(2000*sec).observe(2050*sec, "kc1", events.Observation{User: &events.UserLook{User: "u1", Gone: true}}).page(2100*sec, open(0), nil), true},
	} {
		wants := tokenstate.Due([]tokenstate.Token{token}, nil, c.s.facts, tokenstate.DefaultRules(), 2201*sec)
		if (len(wants) == 1 && wants[0].Urgent) != c.due {
			t.Errorf("%s: due %v", name, wants)
		}
	}
	seen(2000*sec).page(2100*sec, disabled, alive(birth)).want(t, tokenstate.Usable, "")
	seen(2000*sec).observe(2050*sec, "kc1", closedUser()).page(2100*sec, open(0), alive(birth)).want(t, tokenstate.Suspended, tokenstate.ReasonUserDisabled)
}

func closedUser() events.Observation {
	return events.Observation{User: &events.UserLook{User: "u1", OfflineAccess: true}}
}

// Ensure that pages postpone the re-asking of a closed user by the short period only, and never
// for one that a deletion has closed for good.
func TestClosedUsersAreAskedOften(t *testing.T) {
	short := tokenstate.DefaultRules().ClosedSweep
	s := seen(2000*sec).observe(2050*sec, "kc1", closedUser()).page(2100*sec, []events.UserSeen{{User: "u1"}}, nil)
	if got := s.due(2100*sec + short - 1); len(got) != 0 {
		t.Fatalf("too early: %q", got)
	}
	if d := cmp.Diff([]string{"u1"}, s.due(2100*sec+short)); d != "" {
		t.Fatal(d)
	}
	deleted := seen(2000*sec).event(2050*sec, "kc1", events.Happened{Event: "event-delete", Kind: "admin", Type: "DELETE USER", Path: "users/u1"}).
		observe(2050*sec+5, "kc1", events.Observation{User: &events.UserLook{User: "u1", Gone: true}, Causes: []events.Cause{{Event: "event-delete", Type: "DELETE USER", At: 2050 * sec}}})
	if got := deleted.due(2050*sec + 2*short); len(got) != 0 {
		t.Fatalf("deleted for good, yet asked again: %q", got)
	}
}

// Ensure that pages settle what an order to look again or a loss of the log puts in doubt, and
// neither a doubt about the user nor one about roles, which no page shows.
func TestWhatPagesSettle(t *testing.T) {
	order := events.Message{ID: "order-look", At: 2500 * sec, Source: events.Operator, Body: &events.Order{Order: events.OrderLook, By: "op"}}
	for name, c := range map[string]struct {
		s       *story
		settled bool
	}{
		"order":     {seen(2000 * sec).tell(order), true},
		"logoutall": {seen(2000*sec).event(2500*sec, "kc1", events.Happened{Event: "event-logoutall", Kind: "admin", Type: "ACTION REALM", Path: "logout-all"}), true},
		"roles":     {seen(2000*sec).event(2500*sec, "kc1", events.Happened{Event: "event-role", Kind: "admin", Type: "DELETE REALM_ROLE_MAPPING", Path: "groups/g/role-mappings/realm"}), false},
		"logout":    {seen(2000*sec).event(2500*sec, "kc1", events.Happened{Event: "event-logout", Type: "LOGOUT", User: "u1", Session: "s1"}), false},
	} {
		c.s.itself(2600 * sec)
		if v := c.s.want(t, tokenstate.Usable, ""); !v.InDoubt {
			t.Errorf("%s: not in doubt", name)
		}
		if v := c.s.page(2600*sec, open(0), nil).want(t, tokenstate.Usable, ""); !v.InDoubt {
			t.Errorf("%s: a page of users settles it", name)
		}
		if v := c.s.page(2600*sec, nil, alive(birth)).want(t, tokenstate.Usable, ""); v.InDoubt == c.settled {
			t.Errorf("%s: in doubt: %v", name, v.InDoubt)
		}
		if got := c.s.due(2601 * sec); (len(got) == 0) != c.settled {
			t.Errorf("%s: due %q", name, got)
		}
		if v := c.s.look(2700*sec, "kc1", alive(birth)).want(t, tokenstate.Usable, ""); v.InDoubt {
			t.Errorf("%s: a look at the user does not settle it", name)
		}
	}
}

// Ensure that a token known to be dead is not asked about by the sweep for ever, and that a user
// whom only pages show is looked at now and then, for pages show no roles.
func TestSweepLeavesTheDead(t *testing.T) {
	s := newStory().itself(2000*sec).look(2000*sec, "kc1", nil)
	now := 2000*sec + sweep
	s.itself(now-1).page(now-1, open(0), []events.ClientSession{})
	s.want(t, tokenstate.Revoked, tokenstate.ReasonSessionAbsent)
	if got := s.due(now); len(got) != 0 {
		t.Fatalf("a dead token of a user who was seen is due: %q", got)
	}
	now = 2000*sec + 100*sweep
	s.itself(now-1).page(now-1, open(0), []events.ClientSession{})
	if d := cmp.Diff([]string{"u1"}, s.due(now)); d != "" {
		t.Fatal(d)
	}
}

// Ensure a key's owner is seen by pages as well.
func TestOwnerSeenByPages(t *testing.T) {
	at := 2000*sec + sweep
	s := seen(2000*sec).itself(at).page(at, open(0), nil)
	owners := []tokenstate.Scope{{Realm: "demo", User: "u1"}}
	if got := tokenstate.Due(nil, owners, s.facts, tokenstate.DefaultRules(), at+sec); len(got) != 0 {
		t.Fatalf("seen, yet due: %v", got)
	}
	if o := tokenstate.Owner("demo", "u1", s.facts, tokenstate.DefaultRules()); !o.Known || o.CheckedAt != at {
		t.Fatalf("%+v", o)
	}
	stranger := newStory().page(at, open(0), nil)
	if o := tokenstate.Owner("demo", "u1", stranger.facts, tokenstate.DefaultRules()); o.Known {
		t.Fatalf("a page alone does not make an owner known: no look has told of them: %+v", o)
	}
}
