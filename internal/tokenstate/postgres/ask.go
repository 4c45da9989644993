package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
)

// question is one of sqlc's queries.
type question struct {
	sql  string
	args []any
}

// answers are those of a batch, one after the other: sqlc's methods take them in the order of the questions.
type answers struct {
	dbsqlc.DBTX // nil: nothing else is done with them
	pgx.BatchResults
}

func (a answers) Query(context.Context, string, ...any) (pgx.Rows, error) {
	return a.BatchResults.Query()
}

func (a answers) QueryRow(context.Context, string, ...any) pgx.Row { return a.BatchResults.QueryRow() }

func (a answers) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	return a.BatchResults.Exec()
}

// ask puts all questions in one round trip, to one state of the database. After a fault the pool ends the connection with its
// transaction.
func (s *Store) ask(ctx context.Context, questions []question, take func(dbsqlc.DBTX) error) (err error) {
	var b pgx.Batch
	b.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	for _, q := range questions {
		b.Queue(q.sql, q.args...)
	}
	b.Queue("COMMIT")
	all := s.pool.SendBatch(ctx, &b)
	defer func() {
		if closed := all.Close(); err == nil {
			err = closed
		}
	}()
	if _, err := all.Exec(); err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	return take(answers{BatchResults: all})
}
