package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const (
	sec   = events.Millis(1000)
	birth = events.Seconds(1000) // iat of the token in these tests
)

var token = tokenstate.Token{Realm: "demo", User: "u1", Client: "c1", ClientID: "app", Session: "s1", IssuedAt: birth}

// story collects messages as the log would deliver them.
type story struct{ facts tokenstate.Facts }

func newStory() *story { return &story{tokenstate.NewFacts()} }

func (s *story) tell(m events.Message) *story {
	m.Realm, m.Server = "demo", "26.7.3"
	if m.ID == "" {
		m.ID = "message-" + m.At.Time().Format("150405.000")
	}
	if m.Received == 0 {
		m.Received = m.At
	}
	s.facts.Add(tokenstate.Learn(m))
	return s
}

func (s *story) event(at events.Millis, node string, h events.Happened) *story {
	if h.Kind == "" {
		h.Kind = "user"
	}
	return s.tell(events.Message{At: at, Node: node, Source: events.Listener, Body: &h})
}

// look at u1 by node: alive sessions, and the causes it was taken for.
func (s *story) look(at events.Millis, node string, alive []events.ClientSession, causes ...events.Cause) *story {
	return s.observe(at, node, events.Observation{
		Causes: causes, User: &events.UserLook{User: "u1", Enabled: true, OfflineAccess: true},
		Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: alive}},
	})
}

func (s *story) observe(at events.Millis, node string, o events.Observation) *story {
	return s.tell(events.Message{At: at, Node: node, Source: events.Listener, Body: &o})
}

func (s *story) want(t *testing.T, state tokenstate.State, reason string) tokenstate.Verdict {
	t.Helper()
	v := tokenstate.Judge(token, s.facts, tokenstate.DefaultRules())
	if v.State != state || v.Reason != reason {
		t.Fatalf("want %v %q, got %+v", state, reason, v)
	}
	return v
}

func alive(start events.Seconds) []events.ClientSession {
	return []events.ClientSession{{Session: "s1", Client: "c1", ClientID: "app", Start: start}}
}

func logout(at events.Millis) events.Cause {
	return events.Cause{Event: "event-logout", Type: "LOGOUT", Session: "s1", At: at}
}

// Ensure a LOGOUT decides nothing by itself: the same event comes whether the offline session
// died or not.
func TestLogoutIsOnlyADoubt(t *testing.T) {
	s := newStory().look(1001*sec, "kc1", alive(birth))
	s.event(1100*sec, "kc1", events.Happened{Event: "event-logout", Type: "LOGOUT", User: "u1", Session: "s1"})
	if v := s.want(t, tokenstate.Usable, ""); !v.InDoubt {
		t.Fatal("in doubt until a look")
	}
	s.look(1100*sec+5, "kc1", alive(birth), logout(1100*sec))
	if v := s.want(t, tokenstate.Usable, ""); v.InDoubt {
		t.Fatal("the look settles it")
	}
	s.look(1200*sec, "kc1", nil, logout(1200*sec))
	s.want(t, tokenstate.Revoked, tokenstate.ReasonSessionEnded)
}

// Ensure a session named at second N and seen absent kills tokens up to N at once, although
// they are younger than the margin, and that a later listing brings them back (A7).
func TestNamedAndAbsentIsGoneUntilListed(t *testing.T) {
	s := newStory().look(1000*sec+900, "kc1", nil, logout(1000*sec+800))
	s.want(t, tokenstate.Revoked, tokenstate.ReasonSessionEnded)
	s.look(1001*sec, "kc1", alive(birth))
	s.want(t, tokenstate.Usable, "")

	younger := token
	younger.IssuedAt++
	s = newStory().look(1000*sec+900, "kc1", nil, logout(1000*sec+800))
	if v := tokenstate.Judge(younger, s.facts, tokenstate.DefaultRules()); v.State != tokenstate.Usable {
		t.Fatalf("issued after the logout's second, but %+v", v)
	}
}

// Ensure births never name a session as dead: their session is written after their event.
func TestBirthNeverNames(t *testing.T) {
	for _, typ := range []string{"LOGIN", "CODE_TO_TOKEN", "REFRESH_TOKEN_ERROR"} {
		s := newStory().look(1000*sec+100, "kc1", nil, events.Cause{Event: "event-birth", Type: typ, Session: "s1", At: 1000 * sec})
		s.want(t, tokenstate.Usable, "")
	}
}

// Ensure other absence counts only for tokens that were older than the margin at the look.
func TestAbsenceCountsLate(t *testing.T) {
	margin := tokenstate.DefaultRules().Margin
	newStory().look(birth.Millis()+margin-1, "kc1", nil).want(t, tokenstate.Usable, "")
	newStory().look(birth.Millis()+margin, "kc1", nil).want(t, tokenstate.Revoked, tokenstate.ReasonSessionAbsent)
}

// Ensure neither a roster that was cut short nor a page of a client's listing proves absence.
func TestPagesProveNoAbsence(t *testing.T) {
	newStory().observe(2000*sec, "kc1", events.Observation{Rosters: []events.Roster{
		{User: "u1", Complete: false}, {Client: "c1", Complete: true},
	}}).want(t, tokenstate.Usable, "")
}

// Ensure Keycloak's own rule for a session made anew: dead if iat + 1 < start.
func TestStartedLater(t *testing.T) {
	newStory().look(2000*sec, "kc1", alive(birth+1)).want(t, tokenstate.Usable, "")
	newStory().look(2000*sec, "kc1", alive(birth+2)).want(t, tokenstate.Revoked, tokenstate.ReasonSessionRestart)
	newStory().look(2000*sec, "", alive(0)).want(t, tokenstate.Usable, "") // the admin API shows no start
}

// Ensure REVOKE_GRANT leaves a final cut one second short of itself, since a session made
// anew within the second revives the tokens of N-1 and N, and by the skew, since another node's
// token may carry an earlier second, but only for offline tokens.
func TestRevokeGrantCut(t *testing.T) {
	revoke := func(second events.Seconds, typ string) *story {
		return newStory().event(second.Millis()+500, "kc1", events.Happened{
			Event: "event-revoke", Type: "REVOKE_GRANT", User: "u1", Session: "s1", Client: "c1",
			Details: map[string]string{"refresh_token_type": typ},
		})
	}
	skew := events.Seconds(tokenstate.DefaultRules().Skew / sec)
	revoke(birth+1+skew, "Offline").want(t, tokenstate.Usable, "")
	s := revoke(birth+2+skew, "Offline")
	s.look(2000*sec, "kc1", alive(birth))
	s.want(t, tokenstate.Revoked, tokenstate.ReasonGrantRevoked)
	if v := revoke(birth+2, "Refresh").want(t, tokenstate.Usable, ""); v.InDoubt {
		t.Fatal("revoking the online token touches no offline token since 26.1")
	}
}

// Ensure not-before is compared as Keycloak does, for user, client and realm, and that those
// of client and realm can be lowered again.
func TestNotBefore(t *testing.T) {
	at := func(user, client, realm events.Seconds) events.Observation {
		return events.Observation{
			User:    &events.UserLook{User: "u1", Enabled: true, OfflineAccess: true, NotBefore: user},
			Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true, NotBefore: client}},
			Realm:   &events.RealmLook{Enabled: true, NotBefore: realm},
		}
	}
	newStory().observe(2000*sec, "kc1", at(birth, birth, birth)).want(t, tokenstate.Usable, "")
	newStory().observe(2000*sec, "kc1", at(birth+1, 0, 0)).want(t, tokenstate.Revoked, tokenstate.ReasonUserNotBefore)
	newStory().observe(2000*sec, "kc1", at(0, birth+1, 0)).want(t, tokenstate.Suspended, tokenstate.ReasonClientNotBefore)
	s := newStory().observe(2000*sec, "kc1", at(0, 0, birth+1))
	s.want(t, tokenstate.Suspended, tokenstate.ReasonRealmNotBefore)
	s.observe(2001*sec, "kc1", at(0, 0, 0)).want(t, tokenstate.Usable, "")
}

// Ensure of two nodes the closed side wins, unless the open look is later by more than the
// skew; of one node the later look wins.
func TestNodesShareNoClock(t *testing.T) {
	user := func(enabled bool) events.Observation {
		return events.Observation{User: &events.UserLook{User: "u1", Enabled: enabled, OfflineAccess: true}}
	}
	skew := tokenstate.DefaultRules().Skew
	base := 2000 * sec
	newStory().observe(base, "kc1", user(false)).observe(base+1, "kc1", user(true)).want(t, tokenstate.Usable, "")
	newStory().observe(base, "kc1", user(false)).observe(base+skew, "kc2", user(true)).
		want(t, tokenstate.Suspended, tokenstate.ReasonUserDisabled)
	newStory().observe(base, "kc1", user(false)).observe(base+skew+1, "kc2", user(true)).want(t, tokenstate.Usable, "")
	// Looks over the admin API count as nobody's, so a later one of them is not "the same node".
	newStory().observe(base, "", user(false)).observe(base+1, "", user(true)).
		want(t, tokenstate.Suspended, tokenstate.ReasonUserDisabled)
	newStory().observe(base, "kc1", user(true)).observe(base, "kc1", user(false)).
		want(t, tokenstate.Suspended, tokenstate.ReasonUserDisabled) // a tie: the closed side
}

// Ensure a message from a clock far ahead of the log's is a doubt and nothing more.
func TestFarAheadIsOnlyADoubt(t *testing.T) {
	ahead := tokenstate.MaxAhead + 1
	s := newStory().tell(events.Message{
		At: 2000*sec + ahead, Received: 2000 * sec, Node: "kc1", Source: events.Listener,
		Body: &events.Observation{User: &events.UserLook{User: "u1", NotBefore: 5000}, Rosters: []events.Roster{{User: "u1", Complete: true}}},
	})
	if v := s.want(t, tokenstate.Usable, ""); !v.InDoubt {
		t.Fatal("a doubt must remain")
	}
}

// Ensure a client's rename suspends its tokens under the old name until it is renamed back.
func TestRename(t *testing.T) {
	client := func(name string) events.Observation {
		return events.Observation{Clients: []events.ClientLook{{Client: "c1", ClientID: name, Enabled: true}}}
	}
	s := newStory().observe(2000*sec, "kc1", client("new"))
	s.want(t, tokenstate.Suspended, tokenstate.ReasonClientRenamed)
	s.observe(2001*sec, "kc1", client("app")).want(t, tokenstate.Usable, "")
}

// Ensure deletion reaches tokens and keys, for ever, and only from a committed source.
func TestDeletionIsFinal(t *testing.T) {
	deleted := events.Happened{Event: "event-delete", Kind: "admin", Type: "DELETE USER", Path: "users/u1"}
	s := newStory().event(2000*sec, "kc1", deleted)
	s.look(3000*sec, "kc1", alive(birth)) // imported again under the same id
	s.want(t, tokenstate.Revoked, tokenstate.ReasonUserDeleted)
	if o := tokenstate.Owner("demo", "u1", s.facts, tokenstate.DefaultRules()); !o.Active || o.KeysBefore != 2000 {
		t.Fatalf("the user is back, the old keys are not: %+v", o)
	}
	foreign := newStory().tell(events.Message{At: 2000 * sec, Source: events.Foreign, Body: &deleted})
	if v := foreign.want(t, tokenstate.Usable, ""); !v.InDoubt {
		t.Fatal("a foreign publisher raises a doubt")
	}
	newStory().event(2000*sec, "kc1", events.Happened{Event: "event-delete", Kind: "admin", Type: "DELETE USER", Path: "users/u1/federated-identity/x"}).
		want(t, tokenstate.Usable, "")
}

// Ensure a refusal closes exactly its token, no look lifts it, a success does.
func TestRefusal(t *testing.T) {
	outcome := func(at events.Millis, refused bool) events.Message {
		return events.Message{At: at, Source: events.Authapi, Body: &events.Order{
			Order: "refresh", By: "authapi", User: "u1",
			Client: "c1", Session: "s1", IssuedAt: birth, Refused: refused, RetryAt: at + 60*sec,
		}}
	}
	s := newStory().tell(outcome(2000*sec, true)).look(2100*sec, "kc1", alive(birth))
	if v := s.want(t, tokenstate.Suspended, tokenstate.ReasonRefused); v.RetryAt != 2060*sec {
		t.Fatalf("%+v", v)
	}
	other := token
	other.IssuedAt++
	if v := tokenstate.Judge(other, s.facts, tokenstate.DefaultRules()); v.State != tokenstate.Usable {
		t.Fatalf("another generation is not refused: %+v", v)
	}
	s.tell(outcome(2200*sec, false)).want(t, tokenstate.Usable, "")
}

// Ensure neither authority opens what the other has closed, and that keys follow both.
func TestAuthorities(t *testing.T) {
	s := newStory().tell(events.Message{At: 2000 * sec, Source: events.Authapi, Body: &events.Order{Order: "standing", By: "backend", User: "u1"}})
	s.look(2100*sec, "kc1", alive(birth))
	s.want(t, tokenstate.Suspended, tokenstate.ReasonUserDisabled)
	if o := tokenstate.Owner("demo", "u1", s.facts, tokenstate.DefaultRules()); o.Active || o.Reason != tokenstate.ReasonUserDisabled {
		t.Fatalf("%+v", o)
	}
	s.tell(events.Message{At: 2200 * sec, Source: events.Authapi, Body: &events.Order{Order: "standing", By: "backend", User: "u1", Enabled: true}})
	s.want(t, tokenstate.Usable, "")
}

// Ensure keys never die of logout, session, consent, refusal or not-before.
func TestKeysOutliveTokens(t *testing.T) {
	s := newStory().look(2000*sec, "kc1", nil, logout(1999*sec)).
		observe(2001*sec, "kc1", events.Observation{User: &events.UserLook{User: "u1", Enabled: true, NotBefore: 1500}})
	s.want(t, tokenstate.Revoked, tokenstate.ReasonSessionEnded) // the earlier of the two reasons
	if o := tokenstate.Owner("demo", "u1", s.facts, tokenstate.DefaultRules()); !o.Active || o.KeysBefore != 0 || !o.Known {
		t.Fatalf("%+v", o)
	}
}
