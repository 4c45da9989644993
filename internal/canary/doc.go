// Package canary plays what tokenstate promises with a user of its own, again and again: an offline login, a
// token that is stored, an API key, a logout. Then authapi must call the token revoked within a bound, Keycloak
// must refuse it, and the key must go on working. Where the canary may disable its user, the key must stop and
// come back. Whatever of this does not hold is a fault that somebody is told of before users meet it.
//
// It asks only what any backend asks, over HTTP, so that it sees the whole way: Keycloak, listener, NATS,
// worker, Postgres, authapi.
package canary
