// Package adapters joins recovery to the log, to Postgres and to files.
package adapters
