package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/authapi/tokens"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/vault"
)

// turns joins the rows of refresh turns, and the vault, to tokens.Turns.
type turns struct{ custody }

// accessRow binds a sealed access token to its place and user; it cannot pass for an offline one.
func accessRow(t tokenstate.Token) vault.Row {
	r := row(t)
	r.Use = "access"
	return r
}

func (c turns) Take(ctx context.Context, t tokenstate.Token, want tokens.Fresh) (tokens.Turn, error) {
	got, err := c.store.TakeTurn(ctx, t, tokens.TurnLease, want.MinValid, want.MaxAge)
	if errors.Is(err, postgres.ErrNoToken) {
		err = tokens.ErrNotSealed
	}
	if err != nil || got.Result == nil {
		return tokens.Turn{ID: got.ID, Unsure: got.Unsure}, err //nolint:wrapcheck // joins only
	}
	t.User = got.Result.User
	text, err := c.keys.Open(accessRow(t), vault.Sealed{KeyID: got.Result.KeyID, Ciphertext: got.Result.Bytes})
	if err != nil { // another user's, another keyset's or damaged: it is only a cache
		if err := c.store.ForgetResult(ctx, t); err != nil {
			return tokens.Turn{}, err //nolint:wrapcheck // joins only
		}
		return tokens.Turn{}, nil
	}
	return tokens.Turn{Shared: &tokens.Shared{Access: text, Age: got.Result.Age, Left: got.Result.Left}}, nil
}

func (c turns) Finish(ctx context.Context, t tokenstate.Token, turn string, r tokens.Refreshed) error {
	access, err := c.keys.Seal(accessRow(t), r.Access)
	if err != nil {
		return fmt.Errorf("seal access token: %w", err)
	}
	out := postgres.Refreshed{Access: postgres.Ciphertext{KeyID: access.KeyID, Bytes: access.Ciphertext}, Took: r.Took, Left: r.Left}
	if r.Next != nil {
		sealed, err := c.keys.Seal(row(r.Next.Token), r.Next.Text)
		if err != nil {
			return fmt.Errorf("seal token: %w", err)
		}
		out.Next = &postgres.StoredToken{Token: r.Next.Token, Verified: true, Scope: r.Next.Scope}
		out.Sealed = postgres.Ciphertext{KeyID: sealed.KeyID, Bytes: sealed.Ciphertext}
	}
	return c.store.FinishTurn(ctx, t, turn, out) //nolint:wrapcheck // joins only
}

func (c turns) Leave(ctx context.Context, t tokenstate.Token, turn string, settle time.Duration) error {
	return c.store.LeaveTurn(ctx, t, turn, settle) //nolint:wrapcheck // joins only
}

func (c turns) Forget(ctx context.Context, t tokenstate.Token) error {
	return c.store.ForgetResult(ctx, t) //nolint:wrapcheck // joins only
}

func (c turns) Prune(ctx context.Context) error {
	_, err := c.store.PruneTurns(ctx)
	return err //nolint:wrapcheck // joins only
}
