// Package devstack starts the real parts of a tokenstate deployment on free loopback ports, as
// child processes: Postgres, NATS with JetStream, Keycloak with our listener, and our two
// programs. It cleans up after itself: whatever it started ends with it, and the data with that.
//
// It needs Java, and Maven for the first start; Postgres is taken from the PATH, from where
// Debian puts it, or fetched. NATS is compiled in.
//
//	Start ─► postgres ─► migrate ─┐
//	      ├► nats + stream ─┐     ├─► worker, authapi ─► ready
//	      └► keycloak built ┴─► keycloak + realm ┘
package devstack
