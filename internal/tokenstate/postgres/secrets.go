package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// ErrNoToken says that no sealed token of that client and session is stored.
var ErrNoToken = errors.New("no such sealed token")

// Ciphertext is a sealed token and the key it was sealed under.
type Ciphertext struct {
	KeyID string
	Bytes []byte
}

// SealedToken is what is needed to open one: the user and iat it stands under now.
type SealedToken struct {
	Ciphertext
	User     string
	IssuedAt tokenstate.Seconds
}

// Secret reads the ciphertext of t's client and session; ErrNoToken.
func (s *Store) Secret(ctx context.Context, t tokenstate.Token) (SealedToken, error) {
	r, err := q.GetSecret(ctx, s.pool, dbsqlc.GetSecretParams{Realm: t.Realm, Session: t.Session, ClientID: t.ClientID})
	if errors.Is(err, pgx.ErrNoRows) {
		return SealedToken{}, ErrNoToken
	}
	if err != nil {
		return SealedToken{}, fmt.Errorf("read sealed token: %w", err)
	}
	return SealedToken{Ciphertext{r.KeyID, r.Ciphertext}, r.UserID, tokenstate.Seconds(r.IssuedAtS)}, nil
}

// replace keeps next in the place of old. If old is not what is stored any more, it was replaced
// already, and nothing is done.
func replace(ctx context.Context, tx pgx.Tx, old tokenstate.Token, next StoredToken, c Ciphertext) ([]Name, error) {
	r, err := q.StoredToken(ctx, tx, dbsqlc.StoredTokenParams{Realm: old.Realm, Session: old.Session, ClientID: old.ClientID})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil // deleted meanwhile
	}
	if err != nil || r.IssuedAtS != int64(old.IssuedAt) || r.Custody != Sealed {
		return nil, err
	}
	return changedTokens(putToken(ctx, tx, next, &c))
}
