// Package asking turns what Keycloak is asked into messages of the log: looks at users, clients and
// realms, and pages of listings, by the two ways in which Keycloak can be looked at. It stands apart
// from the program so that a test on a real server can compare them.
package asking
