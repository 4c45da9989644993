package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
)

// Question is one of sqlc's queries.
type Question struct {
	SQL  string
	Args []any
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

// view is one state of the database. The first round trip begins its transaction, and the last one ends it.
type view struct {
	conn  *pgxpool.Conn
	begun bool
}

// view gives do one. After a fault the pool ends the connection with its transaction.
func (s *Store) view(ctx context.Context, do func(*view) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return do(&view{conn: conn})
}

// ask puts all questions in one round trip.
func (v *view) ask(ctx context.Context, last bool, questions []Question, take func(dbsqlc.DBTX) error) (err error) {
	var b pgx.Batch
	if !v.begun {
		b.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	}
	for _, q := range questions {
		b.Queue(q.SQL, q.Args...)
	}
	if last {
		b.Queue("COMMIT")
	}
	all := v.conn.SendBatch(ctx, &b)
	defer func() {
		if closed := all.Close(); err == nil {
			err = closed
		}
	}()
	if !v.begun {
		if _, err := all.Exec(); err != nil {
			return fmt.Errorf("begin to read: %w", err)
		}
		v.begun = true
	}
	return take(answers{BatchResults: all})
}
