package tokenstate_test

import (
	"maps"
	"os"
	"path/filepath"
)

// scenesNext are played by the recorder and not recorded yet. What each should lead to is said
// beforehand; once its file is there, it is held to that, and belongs into the table.
var scenesNext = map[string]scene{
	"idle-of-client-restored-after-a-look": {"E3", []expected{
		{verdict: "usable"}, // app's
		{verdict: "usable"}, // app2's
	}},
	"idle-of-realm-restored-after-a-look":  {"E1", []expected{{verdict: "usable"}}},
	"idle-of-realm-shortened-and-restored": {"E1", []expected{{verdict: "usable"}}},
	"introspected":                         {"E8", []expected{{verdict: "usable"}}},
	"introspected-moves-no-idle-clock":     {"E8", []expected{{verdict: "revoked session_absent"}}},
	"max-of-client-restored-after-a-look": {"E3", []expected{
		{verdict: "usable"}, // app's
		{verdict: "usable"}, // app2's
	}},
	"offline-role-of-client-role": {"U8", []expected{
		{verdict: "usable"},                             // within a role of a client
		{verdict: "suspended offline_access_withdrawn"}, // taken from the client's role
		{verdict: "usable"},                             // given back
		{verdict: "suspended offline_access_withdrawn"}, // the client's role was deleted
	}},
	"refused-as-stale": {"E5", []expected{
		{verdict: "suspended realm_not_before"}, // refused as stale
		{verdict: "usable"},                     // lowered
	}},
	"refused-to-another-client": {"E5", []expected{{verdict: "usable"}}},
	"workflow-disables-user": {"A6", []expected{
		{verdict: "suspended user_disabled", unannounced: "a workflow's step fires nothing: the sweep finds it"}, // disabled by a workflow
		{verdict: "usable"}, // enabled
	}},
}

func init() {
	for name := range scenesNext {
		if _, err := os.Stat(filepath.Join(scenesDir, name+".json")); err != nil {
			delete(scenesNext, name)
		}
	}
	maps.Copy(scenes, scenesNext)
}
