package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Turn says who may refresh a session's token now, by the database's clock. With ID it is the
// caller; with Result another one has done it already; with neither another one is at it.
type Turn struct {
	ID     string
	Unsure bool // of ID: how the refresh before ended is not known
	Result *TurnResult
}

// TurnResult is a sealed access token, how old it is and how long it has.
type TurnResult struct {
	Ciphertext
	User      string
	Age, Left time.Duration
}

// TakeTurn gives the turn for lease, unless another one has it, or a result is there that has
// minValid left and is not older than maxAge; ErrNoToken.
func (s *Store) TakeTurn(ctx context.Context, t tokenstate.Token, lease, minValid, maxAge time.Duration) (Turn, error) {
	id := rand.Text()
	unsure, err := q.TakeTurn(ctx, s.pool, dbsqlc.TakeTurnParams{
		Turn: id, Realm: t.Realm, Session: t.Session, ClientID: t.ClientID,
		LeaseS: lease.Seconds(), MinValidS: minValid.Seconds(), MaxAgeS: maxAge.Seconds(),
	})
	if err == nil {
		return Turn{ID: id, Unsure: unsure}, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return Turn{}, fmt.Errorf("take the turn to refresh: %w", err)
	}
	r, err := q.TurnResult(ctx, s.pool, dbsqlc.TurnResultParams{Realm: t.Realm, Session: t.Session, ClientID: t.ClientID})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Turn{}, ErrNoToken
	case err != nil:
		return Turn{}, fmt.Errorf("read the result of a refresh: %w", err)
	}
	age, left := duration(r.AgeS), duration(r.LeftS)
	if r.KeyID == nil || left < minValid || age > maxAge { // it may have changed since the first statement
		return Turn{}, nil
	}
	return Turn{Result: &TurnResult{Ciphertext{*r.KeyID, r.Ciphertext}, r.UserID, age, left}}, nil
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// Refreshed is what a refresh brought, sealed.
type Refreshed struct {
	Access     Ciphertext
	Took, Left time.Duration // since it was asked for; until the access token expires
	Next       *StoredToken  // nil: the refresh token stays
	Sealed     Ciphertext    // Next's text
}

// FinishTurn stores in one transaction the new refresh token and the result for the others. The
// former is stored even if the turn was lost meanwhile, unless a newer one lies there: with
// rotation on, the session hangs on it.
func (s *Store) FinishTurn(ctx context.Context, t tokenstate.Token, turn string, r Refreshed) error {
	_, err := Write(ctx, s.pool, func(tx pgx.Tx) (changes []Name, err error) {
		if r.Next != nil {
			if changes, err = replace(ctx, tx, t, *r.Next, r.Sealed); err != nil {
				return nil, err
			}
		}
		return changes, q.FinishTurn(ctx, tx, dbsqlc.FinishTurnParams{
			Realm: t.Realm, Session: t.Session, ClientID: t.ClientID, Turn: turn,
			TookS: r.Took.Seconds(), LeftS: r.Left.Seconds(), KeyID: r.Access.KeyID, Ciphertext: r.Access.Bytes,
		})
	})
	if err != nil {
		return fmt.Errorf("store what a refresh brought: %w", err)
	}
	return nil
}

// LeaveTurn gives the turn back without a result. With settle, whoever takes it after that time
// must find out first what became of the refresh.
func (s *Store) LeaveTurn(ctx context.Context, t tokenstate.Token, turn string, settle time.Duration) error {
	err := q.LeaveTurn(ctx, s.pool,
		dbsqlc.LeaveTurnParams{Realm: t.Realm, Session: t.Session, ClientID: t.ClientID, Turn: turn, SettleS: settle.Seconds()})
	if err != nil {
		return fmt.Errorf("give the turn to refresh back: %w", err)
	}
	return nil
}

// ForgetResult makes nobody reuse the access token of a session and client.
func (s *Store) ForgetResult(ctx context.Context, t tokenstate.Token) error {
	if err := q.ForgetResult(ctx, s.pool, dbsqlc.ForgetResultParams{Realm: t.Realm, Session: t.Session, ClientID: t.ClientID}); err != nil {
		return fmt.Errorf("forget an access token: %w", err)
	}
	return nil
}

// PruneTurns removes access tokens that have expired.
func (s *Store) PruneTurns(ctx context.Context) (int64, error) {
	n, err := q.PruneTurns(ctx, s.pool)
	if err != nil {
		return 0, fmt.Errorf("prune access tokens: %w", err)
	}
	return n, nil
}
