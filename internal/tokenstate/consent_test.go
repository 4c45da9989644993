package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// asks is a look at the client and its user.
func (s *story) asks(at events.Millis, consent bool) *story {
	return s.observe(at, "kc1", events.Observation{
		Realm:   &events.RealmLook{Enabled: true},
		Clients: []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true, ConsentRequired: &consent}},
		User:    &events.UserLook{User: "u1", Enabled: true, OfflineAccess: true},
		Rosters: []events.Roster{{User: "u1", Complete: true, Sessions: alive(birth)}},
	})
}

func issuedAt(at events.Millis) tokenstate.Token {
	t := token
	t.IssuedAt = at.Second()
	return t
}

// Ensure a token of a client that came to ask for its users' consent is in doubt: Keycloak refuses it unless its user
// has granted every scope, and no look shows who has. What Keycloak has issued or refreshed since is granted.
func TestConsentThatCameToBeRequired(t *testing.T) {
	judged := func(s *story, tok tokenstate.Token, inDoubt bool, when string) {
		t.Helper()
		if v := tokenstate.Judge(tok, s.facts, tokenstate.DefaultRules()); v.State != tokenstate.Usable || v.InDoubt != inDoubt {
			t.Errorf("%s: %+v", when, v)
		}
	}
	s := newStory().asks(1100*sec, false)
	judged(s, token, false, "before")
	s.event(1200*sec, "kc1", events.Happened{Event: "event-client", Kind: "admin", Type: "UPDATE CLIENT", Path: "clients/c1"}).asks(1300*sec, true)
	judged(s, token, true, "required since")
	if due := tokenstate.Due([]tokenstate.Token{token}, nil, s.facts, tokenstate.DefaultRules(), 1301*sec); len(due) != 0 {
		t.Errorf("no look can tell, and due are %v", due)
	}
	young := issuedAt(1250 * sec)
	judged(s, young, false, "issued since")
	s.tell(events.Message{At: 1310 * sec, Source: events.Authapi, Body: &events.Order{
		Order: events.OrderRefresh, By: "authapi", User: "u1", Client: "c1", Session: "s1", IssuedAt: birth,
	}})
	judged(s, token, false, "refreshed since")
	s.event(1400*sec, "kc1", events.Happened{Event: "event-consent", Type: "UPDATE_CONSENT", User: "u1"}).asks(1500*sec, true)
	judged(s, young, true, "its user has changed what is granted")
	judged(s, issuedAt(1450*sec), false, "issued since that")
	s.event(1600*sec, "kc1", events.Happened{Event: "event-scope", Kind: "admin", Type: "UPDATE CLIENT_SCOPE", Path: "client-scopes/x"}).asks(1700*sec, true)
	judged(s, issuedAt(1450*sec), true, "a client scope has changed")
	s.asks(1800*sec, false)
	judged(s, young, false, "required no more")
}

// Ensure the doubt does not hang on an event: that a look saw no consent required is enough.
func TestConsentRequiredWithoutAnEvent(t *testing.T) {
	s := newStory().asks(1100*sec, false).asks(1300*sec, true)
	for tok, inDoubt := range map[tokenstate.Token]bool{token: true, issuedAt(1200 * sec): false} {
		if v := tokenstate.Judge(tok, s.facts, tokenstate.DefaultRules()); v.InDoubt != inDoubt {
			t.Errorf("issued at %d: %+v", tok.IssuedAt, v)
		}
	}
}

// Ensure a client that has always asked for consent leaves nobody in doubt, and neither does a jar that does not say.
func TestConsentThatWasAlwaysRequired(t *testing.T) {
	s := newStory().asks(1100*sec, true)
	if v := s.want(t, tokenstate.Usable, ""); v.InDoubt {
		t.Errorf("%+v", v)
	}
	s = newStory().look(1001*sec, "kc1", alive(birth)).event(1200*sec, "kc1", events.Happened{Event: "event-consent", Type: "UPDATE_CONSENT", User: "u1"})
	if v := s.want(t, tokenstate.Usable, ""); v.InDoubt {
		t.Errorf("of no client is it known that it asks: %+v", v)
	}
}
