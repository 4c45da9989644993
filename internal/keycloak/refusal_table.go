package keycloak

// TableVersion is the Keycloak version the table below was taken from. The
// texts are free text and drift by release: a new version gets its texts checked
// before the claim is widened. Those of 26.0.8, 26.1.4, 26.2.5, 26.3.5, 26.4.7,
// 26.5.7 and 26.6.4 were compared (docs/keycloak-versions.md): all are below.
const TableVersion = "26.7.3"

const (
	exact   = iota
	prefix  // the text goes on with a value
	anyText // the code alone decides
)

const invalidGrant = "invalid_grant"

type refusal struct {
	code, text string
	match      int
	class      Class
	reason     string
}

// refusals: keycloak.md section F. The first match
// decides; "measured" ones were seen on 26.7.3, the others read in its source.
var refusals = []refusal{
	// About the token; final at Keycloak.
	{invalidGrant, "Offline user session not found", exact, ClassToken, "session_gone"},                                          // measured; may come back within its second
	{invalidGrant, "Offline session not active", exact, ClassToken, "session_gone"},                                              // measured
	{invalidGrant, "Session doesn't have required client", exact, ClassToken, "client_session_gone"},                             // measured
	{invalidGrant, "Client session not active", exact, ClassToken, "client_session_gone"},                                        // measured
	{invalidGrant, "Token is not active", exact, ClassToken, "expired"},                                                          // measured
	{invalidGrant, "Maximum allowed refresh token reuse exceeded", exact, ClassToken, "reused"},                                  // measured
	{invalidGrant, "Refresh token issued before the user session started", exact, ClassToken, "older_than_session"},              // measured
	{invalidGrant, "refresh token issued before the client session started", exact, ClassToken, "older_than_session"},            // measured
	{invalidGrant, "Refresh toked issued before the user session started", exact, ClassToken, "older_than_session"},              // source, 22.x
	{invalidGrant, "refresh toked issued before the client session started", exact, ClassToken, "older_than_session"},            // source, 22.x
	{invalidGrant, "Session not active", exact, ClassToken, "not_an_offline_token"},                                              // measured: an online token, refused all the same
	{invalidGrant, "User disabled", exact, ClassToken, "user_disabled"},                                                          // measured; reversible from here on
	{invalidGrant, "Offline session invalid because offline access not granted anymore", exact, ClassToken, "no_offline_access"}, // measured
	{"not_allowed", "Offline tokens not allowed for the user or client", exact, ClassToken, "no_offline_access"},                 // measured
	{"invalid_scope", "Client no longer has requested consent from user", exact, ClassToken, "no_consent"},                       // measured
	{invalidGrant, "Invalid organization", exact, ClassToken, "invalid_organization"},                                            // measured
	{"access_denied", "Realm not enabled", exact, ClassToken, "realm_disabled"},                                                  // measured
	{invalidGrant, "Invalid refresh token", exact, ClassToken, "invalid_token"},                                                  // measured: realm key gone, or damaged

	// About the token, cause open: realm, client or user cut, or rotation.
	{invalidGrant, "Stale token", exact, ClassAmbiguous, "stale"}, // measured

	// Not about the token.
	{invalidGrant, "Invalid refresh token. Token client and authorized client don't match", exact, ClassNotToken, "client_mismatch"},        // source
	{invalidGrant, "Unmatching clients", exact, ClassNotToken, "client_mismatch"},                                                           // source
	{invalidGrant, "Invalid token issuer. Expected '", prefix, ClassNotToken, "issuer_mismatch"},                                            // source
	{invalidGrant, "Invalid refresh token. Client attestation must be used with this refresh token", exact, ClassNotToken, "proof_missing"}, // source, 26.7
	{invalidGrant, "Attestation-Based Key mismatch", exact, ClassNotToken, "proof_missing"},                                                 // source, 26.7
	{invalidGrant, "DPoP ", prefix, ClassNotToken, "proof_missing"},                                                                         // source
	{"invalid_client", "", anyText, ClassNotToken, "invalid_client"},                                                                        // measured: also a disabled client
	{"unauthorized_client", "", anyText, ClassNotToken, "unauthorized_client"},                                                              // source: also certificate binding
	{"invalid_request", "", anyText, ClassNotToken, "invalid_request"},                                                                      // source
	{"invalid_dpop_proof", "", anyText, ClassNotToken, "proof_missing"},                                                                     // source
}
