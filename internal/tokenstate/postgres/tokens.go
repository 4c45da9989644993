package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres/internal/dbsqlc"
)

// KindToken is the feed's kind for stored tokens.
const KindToken = "token"

// StoredToken is a stored or tracked token, without its ciphertext.
type StoredToken struct {
	Token    tokenstate.Token
	Custody  string // sealed or tracked
	Verified bool
}

// PutToken stores t and announces it; an older generation of the same session and client
// changes nothing.
func (s *Store) PutToken(ctx context.Context, t StoredToken) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var client *string
		if t.Token.Client != "" {
			client = &t.Token.Client
		}
		row, err := q.PutToken(ctx, tx, dbsqlc.PutTokenParams{
			Realm: t.Token.Realm, UserID: t.Token.User, Client: client, ClientID: t.Token.ClientID,
			Session: t.Token.Session, IssuedAtS: int64(t.Token.IssuedAt), Custody: t.Custody, Verified: t.Verified,
		})
		if err != nil || len(row) == 0 {
			return err
		}
		v, err := json.Marshal(storedToken(row[0]))
		if err != nil {
			return err
		}
		_, err = announce(ctx, tx, []Change{{KindToken, tokenKey(t.Token), v}})
		return err
	})
	if err != nil {
		return fmt.Errorf("store token: %w", err)
	}
	return nil
}

// DeleteToken removes the token of a session and client, its ciphertext with it.
func (s *Store) DeleteToken(ctx context.Context, t tokenstate.Token) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		n, err := q.DeleteToken(ctx, tx, dbsqlc.DeleteTokenParams{Realm: t.Realm, Session: t.Session, ClientID: t.ClientID})
		if err != nil || n == 0 {
			return err
		}
		_, err = announce(ctx, tx, []Change{{KindToken, tokenKey(t), nil}})
		return err
	})
	if err != nil {
		return fmt.Errorf("delete token: %w", err)
	}
	return nil
}

// ListTokens reads all tokens, ordered by their key.
func (s *Store) ListTokens(ctx context.Context) ([]StoredToken, error) {
	return listTokens(ctx, s.pool)
}

func listTokens(ctx context.Context, db dbsqlc.DBTX) ([]StoredToken, error) {
	rows, err := q.ListTokens(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	ts := make([]StoredToken, len(rows))
	for i, r := range rows {
		ts[i] = storedToken(r)
	}
	return ts, nil
}

func storedToken(r dbsqlc.TokenstateOfflineToken) StoredToken {
	t := tokenstate.Token{
		Realm: r.Realm, User: r.UserID, ClientID: r.ClientID, Session: r.Session,
		IssuedAt: tokenstate.Seconds(r.IssuedAtS),
	}
	if r.Client != nil {
		t.Client = *r.Client
	}
	return StoredToken{Token: t, Custody: r.Custody, Verified: r.Verified}
}

func tokenKey(t tokenstate.Token) string {
	b, _ := json.Marshal([]string{t.Realm, t.Session, t.ClientID}) // strings cannot fail
	return string(b)
}
