package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
)

// Write has do write in one transaction, and announces the names of what it gives as changed: version is of the feed, 0 if
// nothing is. Version order is commit order, for the head's row is locked until the commit; so the commit goes with the
// announcement in one round trip, and nobody waits for a writer that is far away or frozen. A rollback leaves no hole.
func Write(ctx context.Context, pool *pgxpool.Pool, do func(pgx.Tx) ([]Name, error)) (version int64, err error) {
	return writeOn(ctx, pool, func(conn *pgxpool.Conn) ([]Name, error) {
		tx, err := conn.Begin(ctx)
		if err != nil {
			return nil, err
		}
		return do(tx)
	})
}

// writeOn is Write for who begins the transaction together with a first question.
func writeOn(ctx context.Context, pool *pgxpool.Pool, do func(*pgxpool.Conn) ([]Name, error)) (version int64, err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release() // ends the connection if its transaction has not ended
	changed, err := do(conn)
	if err == nil {
		version, err = commit(ctx, conn, changed)
	}
	if err != nil {
		_, _ = conn.Exec(ctx, "ROLLBACK")
	}
	return version, err
}

// commit is one message of the simple protocol: Postgres begins with it when all of it is there. Between two messages of one trip it
// would wait for the second, holding the feed's head, for as long as the writer stays frozen: no timeout counts there.
func commit(ctx context.Context, conn *pgxpool.Conn, changed []Name) (version int64, err error) {
	if len(changed) == 0 {
		_, err = conn.Exec(ctx, "COMMIT")
	} else {
		var p dbsqlc.AnnounceParams
		if p, err = announcement(changed); err != nil {
			return 0, err
		}
		// Neither value has a quote: the one is base32, the other hexadecimal.
		values := strings.NewReplacer("$1", "'"+p.Nonce+"'", "$2", fmt.Sprintf("decode('%x', 'hex')", p.Names))
		err = conn.QueryRow(ctx, values.Replace(dbsqlc.Announce)+"; COMMIT", pgx.QueryExecModeSimpleProtocol).Scan(&version)
	}
	if err != nil {
		return 0, fmt.Errorf("announce and commit: %w", err)
	}
	return version, nil
}

// announcement of a version. The nonce is random: a reader whose own version has another one in the feed has followed a history that
// no longer exists.
func announcement(changed []Name) (dbsqlc.AnnounceParams, error) {
	packed, err := pack(changed)
	return dbsqlc.AnnounceParams{Nonce: rand.Text(), Names: packed}, err
}
