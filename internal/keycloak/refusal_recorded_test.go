package keycloak

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recordedRefusals is what Keycloak 26.7.3 answered in the recorded scenes, each kind once, and
// what is made of it.
var recordedRefusals = map[string]string{
	"400 invalid_grant Client session not active":                                          "token client_session_gone",
	"400 invalid_client Bearer-only not allowed":                                           "not_token invalid_client",
	"400 invalid_grant Invalid organization":                                               "token invalid_organization",
	"400 invalid_grant Invalid refresh token":                                              "token invalid_token",
	"400 invalid_grant Invalid token issuer.":                                              "not_token issuer_mismatch",
	"400 invalid_grant Offline session invalid because offline access not granted anymore": "token no_offline_access",
	"400 invalid_grant Offline session not active":                                         "token session_gone",
	"400 invalid_grant Offline user session not found":                                     "token session_gone",
	"400 invalid_grant Refresh token issued before the user session started":               "token older_than_session",
	"400 invalid_grant Session doesn't have required client":                               "token client_session_gone",
	"400 invalid_grant Stale token":                                                        "ambiguous stale",
	"400 invalid_grant Token is not active":                                                "token expired",
	"400 invalid_grant User disabled":                                                      "token user_disabled",
	"400 invalid_grant refresh token issued before the client session started":             "token older_than_session",
	"400 invalid_scope Client no longer has requested consent from user":                   "token no_consent",
	"400 not_allowed Offline tokens not allowed for the user or client":                    "token no_offline_access",
	"401 invalid_client Invalid client or Invalid client credentials":                      "not_token invalid_client",
	"403 access_denied Realm not enabled":                                                  "token realm_disabled",
	"404 Realm does not exist ":                                                            "not_token not_a_refusal",
}

// Ensure every refusal that was recorded from the real server is one that the table knows, and
// that none of those it is said to have given has become another.
func TestRecordedRefusalsAreKnown(t *testing.T) {
	files, err := filepath.Glob("../events/testdata/scenes/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("the recorded scenes are gone: %v", err)
	}
	seen := map[string]string{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var s struct {
			Answers []struct {
				Status      int
				Error       string
				Description string `json:"error_description"`
			}
		}
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		for _, a := range s.Answers {
			if a.Status != 200 {
				class, reason := Classify(a.Status, a.Error, a.Description)
				text, _, _ := strings.Cut(a.Description, " Expected '") // an address of that day
				seen[fmt.Sprintf("%d %s %s", a.Status, a.Error, text)] = fmt.Sprintf("%s %s", class, reason)
			}
		}
	}
	for answer, meaning := range seen {
		if want, ok := recordedRefusals[answer]; !ok || want != meaning {
			t.Errorf("%q means %q, want %q", answer, meaning, want)
		}
	}
	for answer := range recordedRefusals {
		if seen[answer] == "" {
			t.Errorf("no scene shows %q any more", answer)
		}
	}
}
