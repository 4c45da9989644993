// Package authapi is the program that answers: may this API key pass, does this offline token
// still work, and if so, here is an access token. It decides from the projection in memory,
// so known-revoked tokens cost no call to Keycloak, and API keys go on working after a logout.
//
// Its rooms, each of which may know those above it:
//
//	problem  how a call is refused            redact  what no log may hold
//	idp      Keycloak, as it is asked         orders  what the log is told
//	audit    who did what                     refusals  what was refused, for some hours
//	gate     who may pass: keys and service credentials
//	web      the edge: guards, callers, and what all calls of the OpenAPI document have in common
//	doors    calls that only decide           tokens  offline tokens, refreshes, logouts
//	keys     making and ending API keys       admin   what is known of a user, and orders about one
//	notices  what users should be told
//	apidoc   what /openapi.json says of each call beyond its types
//
// This package puts them together. It knows no technology but HTTP: Keycloak, and the keys' and the tokens' rows, are joined in
// cmd/authapi.
package authapi
