package backfill

import (
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
)

// Ensure an admin event says who did it, by ids that fit, and nothing where nobody is named.
func TestActor(t *testing.T) {
	row := AdminEvent{OperationType: "UPDATE", ResourceType: "USER", ResourcePath: "users/u1"}
	if _, h := adminEvent(row, "demo"); h.Actor != nil {
		t.Errorf("nobody is named: %+v", h.Actor)
	}
	row.AuthDetails.UserID, row.AuthDetails.ClientID, row.AuthDetails.RealmID = "admin-1", strings.Repeat("x", 256), "realm-1"
	if _, h := adminEvent(row, "demo"); h.Actor == nil || *h.Actor != (events.Actor{User: "admin-1", Realm: "realm-1"}) {
		t.Errorf("the actor is %+v", h.Actor)
	}
}

// Ensure what a partial import made is not taken for a realm: Keycloak 26.7 gives its rows the
// resource type REALM. A user among them may have been there before, the rest was not.
func TestImportedIsNoRealm(t *testing.T) {
	about, h := adminEvent(AdminEvent{OperationType: "CREATE", ResourceType: "REALM", ResourcePath: "users/u1"}, "demo")
	if about != "demo" || h == nil || h.User != "u1" {
		t.Errorf("an imported user is about %q: %+v", about, h)
	}
	if _, h := adminEvent(AdminEvent{OperationType: "CREATE", ResourceType: "REALM", ResourcePath: "clients/c1"}, "demo"); h != nil {
		t.Errorf("an imported client: %+v", h)
	}
	if about, h := adminEvent(AdminEvent{OperationType: "CREATE", ResourceType: "REALM", ResourcePath: "other"}, "master"); about != "other" || h == nil {
		t.Errorf("a realm is about %q: %+v", about, h)
	}
}
