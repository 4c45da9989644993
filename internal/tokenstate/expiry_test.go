package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a token whose own exp has passed is revoked for good, although its session lives, and that nobody is
// asked about it any more.
func TestExpiredToken(t *testing.T) {
	const exp = 5000
	tok, rules := token, tokenstate.DefaultRules()
	tok.Expires = exp
	s := seen(2000 * sec)
	s.event(4000*sec, "kc1", events.Happened{Event: "event-logout", Type: "LOGOUT", User: "u1", Session: "s1"})
	over := (exp + 1) * sec
	for _, c := range []struct {
		at      events.Millis
		state   tokenstate.State
		inDoubt bool
		due     int
	}{
		{over - 1, tokenstate.Usable, true, 1},
		{over + rules.Skew - 1, tokenstate.Usable, true, 1}, // our clock may be ahead of Keycloak's
		{over + rules.Skew, tokenstate.Revoked, false, 0},
	} {
		v := tokenstate.JudgeAt(tok, s.facts, rules, c.at)
		if v.State != c.state || v.InDoubt != c.inDoubt {
			t.Errorf("at %d: %+v", c.at, v)
		}
		if v.State == tokenstate.Revoked && (v.Reason != tokenstate.ReasonExpired || v.Since != exp*sec) {
			t.Errorf("at %d: %+v", c.at, v)
		}
		if due := tokenstate.Due([]tokenstate.Token{tok}, nil, s.facts, rules, c.at); len(due) != c.due {
			t.Errorf("at %d due: %+v", c.at, due)
		}
	}
}

// Ensure what killed a token before its exp stays its reason, and what came after does not become it.
func TestExpiryAndWhatCameFirst(t *testing.T) {
	for deletedAt, want := range map[events.Millis]string{4000 * sec: tokenstate.ReasonUserDeleted, 6000 * sec: tokenstate.ReasonExpired} {
		s := seen(2000*sec).event(deletedAt, "kc1", events.Happened{Event: "event-delete", Type: "DELETE_ACCOUNT", User: "u1"})
		tok := token
		tok.Expires = 5000
		if v := tokenstate.JudgeAt(tok, s.facts, tokenstate.DefaultRules(), 9000*sec); v.State != tokenstate.Revoked || v.Reason != want {
			t.Errorf("deleted at %d: %+v", deletedAt, v)
		}
	}
}

// Ensure a user whose only token has expired is nobody to ask about, and one with another token is.
func TestNobodyIsAskedAboutAnExpiredToken(t *testing.T) {
	r, old := tokenstate.DefaultRules(), token
	old.Expires = token.IssuedAt + 100
	user, late := tokenstate.Scope{Realm: token.Realm, User: token.User}, old.Expires.Millis()+r.Skew+2*sec
	if w, due := tokenstate.DueUser(user, []tokenstate.Token{old}, false, tokenstate.NewFacts(), r, late); due {
		t.Errorf("due for a token that has expired: %+v", w)
	}
	if _, due := tokenstate.DueUser(user, []tokenstate.Token{old, token}, false, tokenstate.NewFacts(), r, late); !due {
		t.Error("not due for a token that lives")
	}
}
