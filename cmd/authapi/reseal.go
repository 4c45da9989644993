package main

import (
	"context"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/vault"
)

// freshen seals a token anew that was just opened, if its key is not the present one. It may
// fail: then the next opening does it.
func (c custody) freshen(ctx context.Context, t tokenstate.Token, old postgres.Ciphertext, text secret.Text) {
	if old.KeyID == c.keys.Primary() {
		return
	}
	if next, err := c.keys.Seal(row(t), text); err == nil {
		_, _ = c.store.Reseal(ctx, t, old, postgres.Ciphertext{KeyID: next.KeyID, Bytes: next.Ciphertext})
	}
}

// resealAll seals every token anew that is not under the present key. What does not open is
// counted and left: nobody can refresh it either.
func (c custody) resealAll(ctx context.Context) (resealed, broken int, err error) {
	err = c.store.EachSealedOtherwise(ctx, c.keys.Primary(), func(t tokenstate.Token, old postgres.Ciphertext) error {
		text, err := c.keys.Open(row(t), vault.Sealed{KeyID: old.KeyID, Ciphertext: old.Bytes})
		if err != nil {
			broken++
			return nil //nolint:nilerr // counted
		}
		next, err := c.keys.Seal(row(t), text)
		if err != nil {
			return fmt.Errorf("seal token: %w", err)
		}
		done, err := c.store.Reseal(ctx, t, old, postgres.Ciphertext{KeyID: next.KeyID, Bytes: next.Ciphertext})
		if done {
			resealed++
		}
		return err //nolint:wrapcheck // it says what failed
	})
	return resealed, broken, err
}
