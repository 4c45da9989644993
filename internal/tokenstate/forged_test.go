package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure what SECURITY.md says of whoever has the listener's NATS password: which lies the worker's next look
// takes back, and which stay until somebody pardons the one message.
func TestWhatAForgedListenerCanDo(t *testing.T) {
	truth := seen(1900 * sec)
	closed := seen(1900 * sec).tell(events.Message{At: 1950 * sec, Node: "kc1", Source: events.Look, Body: &events.Observation{User: &events.UserLook{User: "u1"}}})
	worker := func(enabled bool) events.Message {
		o := wholeLook(enabled)
		o.Realm, o.Clients = &events.RealmLook{Enabled: true}, []events.ClientLook{{Client: "c1", ClientID: "app", Enabled: true}}
		return events.Message{At: 2100 * sec, Node: "kc1", Source: events.Look, Body: &o}
	}
	look := func(o events.Observation) events.Body { return &o }
	grant := &events.Happened{Event: "forged", Kind: "user", Type: "REVOKE_GRANT", User: "u1", Session: "s1", Client: "c1", Details: map[string]string{"refresh_token_type": "Offline"}}
	for name, c := range map[string]struct {
		before *story
		body   events.Body
		token  tokenstate.State // at once
		active bool             // the owner of keys, at once
		later  tokenstate.State // after the worker's look, which shows what is true
		keys   bool             // those of before live after it
	}{
		"a disabled user is enabled":  {closed, look(wholeLook(true)), tokenstate.Usable, true, tokenstate.Suspended, true},
		"a user is disabled":          {truth, look(wholeLook(false)), tokenstate.Suspended, false, tokenstate.Usable, true},
		"the realm is disabled":       {truth, look(events.Observation{Realm: &events.RealmLook{}}), tokenstate.Suspended, false, tokenstate.Usable, true},
		"the client is gone":          {truth, look(events.Observation{Clients: []events.ClientLook{{Client: "c1", Gone: true}}}), tokenstate.Suspended, true, tokenstate.Usable, true},
		"the session is gone":         {truth, look(events.Observation{Rosters: []events.Roster{{Session: "s1", Complete: true}}}), tokenstate.Revoked, true, tokenstate.Usable, true},
		"the realm is gone":           {truth, look(events.Observation{Realm: &events.RealmLook{Gone: true}}), tokenstate.Usable, true, tokenstate.Usable, true},
		"the realm was deleted":       {truth, &events.Happened{Event: "forged", Kind: "admin", Type: "DELETE REALM", Path: "demo"}, tokenstate.Usable, true, tokenstate.Usable, true},
		"final: a grant was revoked":  {truth, grant, tokenstate.Revoked, true, tokenstate.Revoked, true},
		"final: the user was deleted": {truth, &events.Happened{Event: "forged", Kind: "admin", Type: "DELETE USER", Path: "users/u1"}, tokenstate.Revoked, true, tokenstate.Revoked, false},
		"final: the user is gone":     {truth, look(events.Observation{User: &events.UserLook{User: "u1", Gone: true}}), tokenstate.Revoked, false, tokenstate.Usable, false},
	} {
		s := &story{tokenstate.Join(c.before.facts, tokenstate.NewFacts())}
		s.tell(events.Message{ID: "forged", At: 2000 * sec, Node: "kc1", Source: events.Listener, Body: c.body})
		if v := tokenstate.Judge(token, s.facts, tokenstate.DefaultRules()); v.State != c.token || s.owner().Active != c.active {
			t.Errorf("%s: %+v, %+v", name, v, s.owner())
		}
		s.tell(worker(c.before == truth))
		lives := s.owner().KeysBefore <= 1500
		if v := tokenstate.Judge(token, s.facts, tokenstate.DefaultRules()); v.State != c.later || lives != c.keys {
			t.Errorf("%s, after the worker's look: %+v, %+v", name, v, s.owner())
		}
		s.tell(events.Message{At: 2200 * sec, Source: events.Operator, Body: &events.Pardon{Cause: "forged"}})
		if v := tokenstate.Judge(token, s.facts, tokenstate.DefaultRules()); c.before == truth && v.State != tokenstate.Usable || s.owner().KeysBefore > 1500 {
			t.Errorf("%s, after a pardon: %+v, %+v", name, v, s.owner())
		}
	}
}
