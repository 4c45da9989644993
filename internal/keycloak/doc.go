// Package keycloak is the one adapter to Keycloak. Nothing else imports
// gocloak, so that its next major version is a change to this package only.
//
// There are two clients. App acts as the application's own confidential client
// (introspect, refresh, logout, look at an owner); authapi uses it. Admin acts
// as the worker's client in the administrators' realm (looks and the event
// store); it reads and never writes. Both return plain structs and know nothing
// of facts, messages or verdicts: the programs map them.
//
// What every call shares:
//   - An answer counts only if it is surely Keycloak's: complete JSON of the
//     expected shape, within a bound, not redirected, not from a cache. Anything
//     else is *UnavailableError, which means "unknown" and never "dead": an HTML page
//     with status 200 must not read as an empty list of sessions.
//   - Credentials and tokens go to the configured URL only, never to an address
//     that an answer named.
//   - No error holds a token, a secret or a URL.
//   - A circuit breaker and, for what only reads, one retry.
//
// The behaviour described as "measured" was measured on Keycloak 26.7.3.
package keycloak
