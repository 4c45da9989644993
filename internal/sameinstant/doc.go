// Package sameinstant holds a test on a real Keycloak: of the same instant the listener's look, the
// look through the jar's read-only resource and the look over the admin API say the same, or the last
// says less, and what they say is what Keycloak does when a token is refreshed.
package sameinstant
