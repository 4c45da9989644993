// Package inspection asks Postgres, NATS and Keycloak for all that doctor judges. The operator's command and the worker's
// self-test ask with it, each with its own rights.
package inspection
