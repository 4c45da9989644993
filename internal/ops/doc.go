// Package ops is what both programs need to be operated: logs, signals, exit codes, and the
// admin port with /livez, /readyz and /metrics.
package ops
