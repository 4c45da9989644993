// Package authapi is the program that answers: may this API key pass, does this offline token
// still work, and if so, here is an access token. It decides from the projection in memory,
// so known-revoked tokens cost no call to Keycloak, and API keys go on working after a logout.
//
// It knows no technology but HTTP: Keycloak, the keys' and the tokens' rows are joined in cmd.
package authapi
