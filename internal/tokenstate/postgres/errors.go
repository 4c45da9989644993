package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Retryable tells a passing fault of the database from a mistake of ours. Retryable is also
// what is no answer of Postgres at all: a lost connection. The outcome of a lost commit is
// unknown, so the floor is read before a batch is tried again.
func Retryable(err error) bool {
	if err == nil || errors.Is(err, ErrNotActive) || errors.Is(err, context.Canceled) {
		return false
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return true
	}
	switch pg.Code {
	case "40001", "40P01", "55P03", "57014", "25006":
		return true
	}
	return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "57P0")
}
