package backfill

import "testing"

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
