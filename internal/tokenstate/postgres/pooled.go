package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// ErrPooled says that DATABASE_URL leads through a pooler that gives our transactions to connections of
// others.
var ErrPooled = errors.New("a pooler in transaction or statement mode is no connection to Postgres: settings, LISTEN and prepared statements " +
	"of one program would be another's; give its database pool_mode=session (PgBouncer), or DATABASE_URL the server's own address")

// poolerTries is how often two connections are compared. A busy pooler may give the same server twice by
// chance, but hardly each time.
const poolerTries = 5

// checkPooled finds a pooler by the process that answers: a server names its own when it greets, a pooler
// makes one up. Keeping a session together is then told by a second connection. It must not be answered by
// the server process that belongs to the first, nor take it away by a transaction that it holds.
func checkPooled(ctx context.Context, conn *pgx.Conn) error {
	pid, err := serverOf(ctx, conn)
	if err != nil || pid == conn.PgConn().PID() {
		return err
	}
	second, err := pgx.ConnectConfig(ctx, conn.Config())
	if err != nil {
		return fmt.Errorf("compare two connections of a pooler: %w", err)
	}
	defer func() { _ = second.Close(context.WithoutCancel(ctx)) }()
	for range poolerTries {
		if err := compare(ctx, conn, second, pid); err != nil {
			return err
		}
	}
	return nil
}

// compare has the second connection hold a transaction, and asks again who answers the first.
func compare(ctx context.Context, conn, second *pgx.Conn, pid uint32) error {
	tx, err := second.Begin(ctx)
	if err != nil {
		return fmt.Errorf("%w (%w)", ErrPooled, err) // in statement mode a pooler takes no transactions
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	other, err := serverOf(ctx, second)
	if err != nil {
		return fmt.Errorf("%w (%w)", ErrPooled, err)
	}
	now, err := serverOf(ctx, conn)
	if err == nil && (other == pid || now != pid) {
		err = ErrPooled
	}
	return err
}

func serverOf(ctx context.Context, conn *pgx.Conn) (pid uint32, err error) {
	err = conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid)
	if err != nil {
		err = fmt.Errorf("ask which process answers: %w", err)
	}
	return pid, err
}
