package adapters

import (
	"context"
	"errors"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/tokens"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/vault"
)

// Turns joins the rows of refresh turns, and the vault, to tokens.Turns.
type Turns struct{ Custody }

// accessRow binds a sealed access token to its place and user; it cannot pass for an offline one.
func accessRow(t tokenstate.Token) vault.Row {
	r := row(t)
	r.Use = "access"
	return r
}

// Take implements tokens.Turns.
func (c Turns) Take(ctx context.Context, t tokenstate.Token, want tokens.Fresh) (tokens.Turn, error) {
	got, err := c.Store.TakeTurn(ctx, t, tokens.TurnLease, want.MinValid, want.MaxAge)
	if errors.Is(err, postgres.ErrNoToken) {
		err = tokens.ErrNotSealed
	}
	if err != nil || got.Result == nil {
		return tokens.Turn{ID: got.ID, Unsure: got.Unsure}, err
	}
	t.User = got.Result.User
	text, err := c.Keys.Open(accessRow(t), vault.Sealed{KeyID: got.Result.KeyID, Ciphertext: got.Result.Bytes})
	if err != nil { // another user's, another keyset's or damaged: it is only a cache
		if err := c.Store.ForgetResult(ctx, t); err != nil {
			return tokens.Turn{}, err
		}
		return tokens.Turn{}, nil
	}
	return tokens.Turn{Shared: &tokens.Shared{Access: text, Age: got.Result.Age, Left: got.Result.Left}}, nil
}

// Finish implements tokens.Turns.
func (c Turns) Finish(ctx context.Context, t tokenstate.Token, turn string, r tokens.Refreshed) error {
	access, err := c.sealFor(accessRow(t), r.Access)
	if err != nil {
		return err
	}
	out := postgres.Refreshed{Access: access, Took: r.Took, Left: r.Left}
	if r.Next != nil {
		if out.Sealed, err = c.Seal(r.Next.Token, r.Next.Text); err != nil {
			return err
		}
		out.Next = &postgres.StoredToken{Token: r.Next.Token, Verified: true, Scope: r.Next.Scope}
	}
	return c.Store.FinishTurn(ctx, t, turn, out)
}

// Leave implements tokens.Turns.
func (c Turns) Leave(ctx context.Context, t tokenstate.Token, turn string, settle time.Duration) error {
	return c.Store.LeaveTurn(ctx, t, turn, settle)
}

// Forget implements tokens.Turns.
func (c Turns) Forget(ctx context.Context, t tokenstate.Token) error {
	return c.Store.ForgetResult(ctx, t)
}

// Prune implements tokens.Turns.
func (c Turns) Prune(ctx context.Context) error {
	_, err := c.Store.PruneTurns(ctx)
	return err
}
