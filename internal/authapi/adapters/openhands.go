package adapters

import (
	"context"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/authapi/orders"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/openhands"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/vault"
)

// OpenHands joins both stores and the vault to openhands.Target.
type OpenHands struct {
	Keys  *postgres.Store
	State *state.Store
	Vault *vault.Keyset
}

// importedBy is whom orders about imported keys name.
const importedBy = "import:openhands"

// Position implements openhands.Target.
func (t OpenHands) Position(ctx context.Context, source string) (string, error) {
	return t.State.ImportPosition(ctx, source)
}

// Done implements openhands.Target.
func (t OpenHands) Done(ctx context.Context, source string) error {
	return t.State.ImportDone(ctx, source)
}

// PutKeys implements openhands.Target.
func (t OpenHands) PutKeys(ctx context.Context, at openhands.Position, keys []openhands.Imported) (openhands.Outcome, error) {
	page := postgres.ImportPage{Source: at.Source, Position: at.After, Dry: at.Dry, Keys: make([]postgres.Imported, len(keys))}
	for i, k := range keys {
		page.Keys[i] = postgres.Imported(k)
	}
	out, err := t.Keys.Import(ctx, page)
	return openhands.Outcome(out), err
}

// PutTokens seals as PUT /v1/offline-tokens does.
func (t OpenHands) PutTokens(ctx context.Context, at openhands.Position, tokens []openhands.Opened) (openhands.Outcome, error) {
	sealing, page := Custody{t.State, t.Vault}, make([]state.SealedImport, len(tokens))
	for i, one := range tokens {
		sealed, err := sealing.Seal(one.Token, one.Text)
		if err != nil {
			return openhands.Outcome{}, err
		}
		page[i] = state.SealedImport{Token: state.StoredToken{Token: one.Token, Scope: one.Scope}, Ciphertext: sealed}
	}
	out, err := t.State.ImportTokens(ctx, at.Source, at.After, at.Dry, page)
	return openhands.Outcome{Added: out.Added, Changed: out.Changed, Refused: out.Narrower}, err
}

// Living implements openhands.Target.
func (t OpenHands) Living(ctx context.Context, prefix string) (all []openhands.Held, err error) {
	living, err := t.Keys.Living(ctx, prefix)
	for _, k := range living {
		all = append(all, openhands.Held(k))
	}
	return all, err
}

// Revoke implements openhands.Target.
func (t OpenHands) Revoke(ctx context.Context, realm string, keys []openhands.Held) error {
	now, err := t.State.Now(ctx)
	if err != nil {
		return err
	}
	ids, owner := make([]string, len(keys)), make(map[string]string, len(keys))
	for i, k := range keys {
		ids[i], owner[k.ID] = k.ID, k.User
	}
	return t.Keys.RevokeIDs(ctx, ids, func(id string) events.Message {
		return orders.KeyRevoked(realm, now, importedBy, owner[id], id)
	})
}

// Disable implements openhands.Target.
func (t OpenHands) Disable(ctx context.Context, realm string, users []string, dry bool) (n int, err error) {
	already, err := t.State.DisabledByBackend(ctx, realm)
	if err != nil {
		return 0, err
	}
	now, err := t.State.Now(ctx)
	if err != nil {
		return 0, err
	}
	for _, user := range users {
		if already[user] {
			continue
		}
		n++
		if dry {
			continue
		}
		if _, err := t.State.Order(ctx, orders.Disabled(realm, now, importedBy, user, "disabled in OpenHands")); err != nil {
			return n - 1, fmt.Errorf("disable a user whom OpenHands has disabled: %w", err)
		}
	}
	return n, nil
}
