package tokenstate_test

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a revocation is read by the version that speaks. The details are those that 26.0.8 and
// 26.7.3 were seen to write: 26.0 names neither the session nor the kind of token, so that it is a
// doubt on the user's sessions and never a cut; a row of the event store names no version, and may be older
// than the server that shows it.
func TestRevokeGrantByVersion(t *testing.T) {
	offline := map[string]string{"refresh_token_type": "Offline", "revoked_client": "app"}
	online := map[string]string{"refresh_token_type": "Refresh", "revoked_client": "app"}
	unnamed := map[string]string{"revoked_client": "app"}
	access := map[string]string{"token_id": "a"}
	for _, c := range []struct {
		server  string
		session string
		details map[string]string
		doubts  bool
		cuts    bool
	}{
		{"26.0.8", "", unnamed, true, false}, // whatever token it was
		{"26.0.8", "", access, true, false},
		{"26.1.4", "s1", offline, true, true},
		{"26.1.4", "s1", online, false, false},
		{"26.7.3", "s1", online, false, false},
		{"26.7.3", "", access, false, false},
		{"26.7.3", "", unnamed, true, false}, // a consent
		{"27.0.0", "s1", online, false, false},
		{"", "s1", online, true, false},
		{"", "", access, true, false},
		{"", "s1", offline, true, true},
		{"999.0.0-SNAPSHOT", "s1", online, false, false},
		{"nightly", "s1", online, true, false},
	} {
		f := tokenstate.Learn(events.Message{
			ID: "message-1", Realm: "demo", At: 2000 * sec, Received: 2000 * sec, Server: c.server, Source: events.Listener,
			Body: &events.Happened{Event: "event-1", Kind: "user", Type: "REVOKE_GRANT", User: "u1", Session: c.session, Client: "c1", Details: c.details},
		})
		raised := tokenstate.DoubtKey{Doubt: tokenstate.Doubt{Scope: tokenstate.Scope{Realm: "demo", User: "u1", Key: "sessions"}}}
		doubts, cuts := f.DoubtRows(), f.CutoffRows()
		if (len(doubts) == 1 && doubts[0].ID == raised) != c.doubts || (len(cuts) > 0) != c.cuts || len(doubts) > 1 {
			t.Errorf("%q %v: doubts %v, cuts %v", c.server, c.details, doubts, cuts)
		}
	}
}
