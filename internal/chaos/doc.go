// Package chaos breaks the parts of a running system again and again, and holds what is left against a ledger
// of everything that was acknowledged. Postgres, NATS, two workers and two replicas of authapi are the real
// programs, each a process of its own that is killed, frozen, cut off, filled up or put back to an older state.
//
// Keycloak is played by this package: its start takes twenty seconds, so that thousands of kills would take days.
// What stands in for it is the least that the programs ask of it: the token endpoint, the read-only resource
// of our jar, and the users of the admin API, answered from the same world in which the actions take place. A publisher
// does what the listener does: it tells of each change, looks, and repeats a message until NATS has acknowledged
// it. The event store is empty, on purpose: the backfill would repair what NATS or the worker lost, and hide it.
// The lane with a real Keycloak is TestKillsLoseNothing in internal/truth.
//
// The ledger is a file that is synced at each line, written only when something was acknowledged: a publish by
// NATS, a call by authapi. It is the judge: neither NATS nor Postgres is asked what there was to lose.
//
// `make chaos` runs it; docs/chaos.md says how, and what it found.
package chaos
