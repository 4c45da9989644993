// Package workerd is the running revocation-worker: it joins the worker's parts to Postgres, NATS and Keycloak, waits to
// be the active one of several, keeps house, tests itself, and tells how it is.
package workerd
