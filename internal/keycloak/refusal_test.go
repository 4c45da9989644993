package keycloak

import (
	"strings"
	"testing"
)

// The table once more, by hand from keycloak.md section F:
// a row changed in one place only is a failure.
var wanted = []struct {
	status     int
	code, text string
	class      Class
	reason     string
}{
	{400, "invalid_grant", "Offline user session not found", ClassToken, "session_gone"},
	{400, "invalid_grant", "Offline session not active", ClassToken, "session_gone"},
	{400, "invalid_grant", "Session doesn't have required client", ClassToken, "client_session_gone"},
	{400, "invalid_grant", "Client session not active", ClassToken, "client_session_gone"},
	{400, "invalid_grant", "Token is not active", ClassToken, "expired"},
	{400, "invalid_grant", "Maximum allowed refresh token reuse exceeded", ClassToken, "reused"},
	{400, "invalid_grant", "Refresh token issued before the user session started", ClassToken, "older_than_session"},
	{400, "invalid_grant", "refresh token issued before the client session started", ClassToken, "older_than_session"},
	{400, "invalid_grant", "Refresh toked issued before the user session started", ClassToken, "older_than_session"},
	{400, "invalid_grant", "refresh toked issued before the client session started", ClassToken, "older_than_session"},
	{400, "invalid_grant", "Session not active", ClassToken, "not_an_offline_token"},
	{400, "invalid_grant", "User disabled", ClassToken, "user_disabled"},
	{400, "invalid_grant", "Offline session invalid because offline access not granted anymore", ClassToken, "no_offline_access"},
	{400, "not_allowed", "Offline tokens not allowed for the user or client", ClassToken, "no_offline_access"},
	{400, "invalid_scope", "Client no longer has requested consent from user", ClassToken, "no_consent"},
	{400, "invalid_grant", "Invalid organization", ClassToken, "invalid_organization"},
	{403, "access_denied", "Realm not enabled", ClassToken, "realm_disabled"},
	{400, "invalid_grant", "Invalid refresh token", ClassToken, "invalid_token"},
	{400, "invalid_grant", "Stale token", ClassAmbiguous, "stale"},
	{400, "invalid_grant", "Invalid refresh token. Token client and authorized client don't match", ClassNotToken, "client_mismatch"},
	{400, "invalid_grant", "Unmatching clients", ClassNotToken, "client_mismatch"},
	{400, "invalid_grant", "Invalid token issuer. Expected 'https://id.example.com/realms/x'", ClassNotToken, "issuer_mismatch"},
	{400, "invalid_grant", "Invalid refresh token. Client attestation must be used with this refresh token", ClassNotToken, "proof_missing"},
	{400, "invalid_grant", "Attestation-Based Key mismatch", ClassNotToken, "proof_missing"},
	{400, "invalid_grant", "DPoP proof is missing", ClassNotToken, "proof_missing"},
	{401, "invalid_client", "Invalid client or Invalid client credentials", ClassNotToken, "invalid_client"},
	{401, "unauthorized_client", "Invalid client or Invalid client credentials", ClassNotToken, "unauthorized_client"},
	{400, "invalid_request", "No refresh token", ClassNotToken, "invalid_request"},
	{400, "invalid_dpop_proof", "whatever", ClassNotToken, "proof_missing"},
}

func TestClassify_RowByRow(t *testing.T) {
	t.Parallel()
	for _, w := range wanted {
		if class, reason := Classify(w.status, w.code, w.text); class != w.class || reason != w.reason {
			t.Errorf("%s %q: want %s %s, got %s %s", w.code, w.text, w.class, w.reason, class, reason)
		}
	}
	if len(wanted) != len(refusals) {
		t.Errorf("%d rows in the table, %d tested", len(refusals), len(wanted))
	}
}

// Ensure what the table does not hold is a refusal of one token at most.
func TestClassify_Unknown(t *testing.T) {
	t.Parallel()
	for _, w := range wanted {
		for _, status := range []int{0, 200, 302, 404, 429, 500, 503} {
			if class, _ := Classify(status, w.code, w.text); class.Records() {
				t.Errorf("status %d, %s %q records a refusal", status, w.code, w.text)
			}
		}
		if class, _ := Classify(w.status, "server_error", w.text); class.Records() {
			t.Errorf("an unknown code with %q records a refusal", w.text)
		}
		if w.class == ClassNotToken {
			continue
		}
		for _, near := range []string{"", w.text + ".", " " + w.text, strings.ToUpper(w.text)} {
			class, _ := Classify(w.status, w.code, near)
			if want := w.code == invalidGrant; class.Records() != want || want && class != ClassUnknownText {
				t.Errorf("%s %q: %s", w.code, near, class)
			}
		}
	}
	if class, reason := Classify(400, invalidGrant, "a text of some later version"); class != ClassUnknownText || reason != "unknown_text" || !class.Records() {
		t.Errorf("unknown text: %s %s", class, reason)
	}
	if class, _ := Classify(401, invalidGrant, "?"); class.Records() {
		t.Error("invalid_grant is a 400; anything else is not Keycloak's refresh")
	}
	if Class("").Records() || ClassNotToken.Records() || !ClassAmbiguous.Records() || !ClassToken.Records() {
		t.Error("Records")
	}
}
