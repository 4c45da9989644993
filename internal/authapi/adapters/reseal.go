package adapters

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/vault"
)

// freshen seals a token anew that was just opened, if its key is not the present one. It may
// fail: then the next opening does it.
func (c Custody) freshen(ctx context.Context, t tokenstate.Token, old postgres.Ciphertext, text secret.Text) {
	if old.KeyID == c.Keys.Primary() {
		return
	}
	if next, err := c.Seal(t, text); err == nil {
		_, _ = c.Store.Reseal(ctx, t, old, next)
	}
}

// ResealAll seals every token anew that is not under the present key. What does not open is
// counted and left: nobody can refresh it either.
func (c Custody) ResealAll(ctx context.Context) (resealed, broken int, err error) {
	err = c.Store.EachSealedOtherwise(ctx, c.Keys.Primary(), func(t tokenstate.Token, old postgres.Ciphertext) error {
		text, err := c.Keys.Open(row(t), vault.Sealed{KeyID: old.KeyID, Ciphertext: old.Bytes})
		if err != nil {
			broken++
			return nil //nolint:nilerr // counted
		}
		next, err := c.Seal(t, text)
		if err != nil {
			return err
		}
		done, err := c.Store.Reseal(ctx, t, old, next)
		if done {
			resealed++
		}
		return err
	})
	return resealed, broken, err
}
