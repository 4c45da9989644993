// Package harm plays the same actions in a realm that is listened to and in one that is not, on
// one Keycloak, and compares what becomes of tokens, users, caches and time. It is a test of
// everything: `make harm`, docs/harm.md.
package harm
