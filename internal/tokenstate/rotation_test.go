package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure an older generation of a token is not usable where each refresh token is good once: to use it again would end
// the newer one. It is usable where rotation is off, allows another use, or is not told.
func TestOlderGenerations(t *testing.T) {
	yes, no := true, false
	for name, c := range map[string]struct {
		once   *bool
		newest tokenstate.Seconds
		state  tokenstate.State
	}{
		"good once":              {&yes, birth + 100, tokenstate.Suspended},
		"the newest itself":      {&yes, birth, tokenstate.Usable},
		"newer than what we had": {&yes, birth - 10, tokenstate.Usable},
		"good again":             {&no, birth + 100, tokenstate.Usable},
		"not told":               {nil, birth + 100, tokenstate.Usable},
	} {
		s := newStory().look(1001*sec, "kc1", alive(birth)).observe(1200*sec, "kc1", events.Observation{Realm: &events.RealmLook{Enabled: true, RefreshOnce: c.once}})
		r := tokenstate.DefaultRules()
		v := tokenstate.Superseded(token, c.newest, tokenstate.Judge(token, s.facts, r), s.facts, r)
		if v.State != c.state || v.State == tokenstate.Suspended && (v.Reason != tokenstate.ReasonSuperseded || v.Since != c.newest.Millis()) {
			t.Errorf("%s: %+v", name, v)
		}
	}
	s := newStory().observe(1200*sec, "kc1", events.Observation{Realm: &events.RealmLook{RefreshOnce: &yes}})
	r := tokenstate.DefaultRules()
	if v := tokenstate.Superseded(token, birth+100, tokenstate.Judge(token, s.facts, r), s.facts, r); v.Reason != tokenstate.ReasonRealmDisabled {
		t.Errorf("what closes it for everybody is said: %+v", v)
	}
}
