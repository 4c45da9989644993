// Package testenv gives tests real services. `make test` starts one Postgres, NATS and Keycloak
// for all packages and says in the environment where they are; each test gets a database, a
// realm or a NATS server of its own, which no other test sees.
//
//	pool := testenv.Postgres(t, schema.Up)   // a database, migrated, dropped afterwards
//	n := testenv.NewNATS(t)                   // a server from deploy/nats.conf, with the stream
//	kc := testenv.NewKeycloak(t)              // a realm of deploy/realm.json's shape
//
// Under a plain `go test` Postgres and NATS are started when they are first wanted; Keycloak is
// not, and a test that wants it fails: nothing is skipped.
package testenv
