package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/events"
)

// ErrReplayed says that a logout token of this id was taken before.
var ErrReplayed = errors.New("a logout token of this id was taken before")

// OrderByLogout is Order, once for each id of a logout token: the id and the order are durable
// together, whichever replica the token was sent to.
func (s *Store) OrderByLogout(ctx context.Context, jti string, m events.Message) (version int64, err error) {
	version, err = Write(ctx, s.pool, func(tx pgx.Tx) ([]Name, error) {
		n, err := q.TakeLogoutToken(ctx, tx, dbsqlc.TakeLogoutTokenParams{Realm: m.Realm, Jti: jti})
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, ErrReplayed
		}
		if err := q.ForgetLogoutTokens(ctx, tx); err != nil {
			return nil, err
		}
		return PutOrder(ctx, tx, m)
	})
	if err != nil {
		return 0, fmt.Errorf("write order of a logout token: %w", err)
	}
	return version, nil
}
