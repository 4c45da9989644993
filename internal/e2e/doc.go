// Package e2e plays faults on the whole system: NATS away during a logout, workers killed,
// two workers at once. Afterwards the facts in Postgres must be what the log says, byte by byte.
package e2e
