// Package adapters joins authapi's ports to Postgres, Keycloak and the vault.
package adapters

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/authapi/tokens"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/vault"
)

// Custody joins the vault and the tokens' rows: nothing else sees both key and ciphertext.
type Custody struct {
	Store *postgres.Store
	Keys  *vault.Keyset
}

// row binds a ciphertext to its place and its user, so that it opens nowhere else.
func row(t tokenstate.Token) vault.Row {
	return vault.Row{Realm: t.Realm, Client: t.ClientID, Session: t.Session, RowID: t.User}
}

// Seal binds a token's text to its place and its user.
func (c Custody) Seal(t tokenstate.Token, text secret.Text) (postgres.Ciphertext, error) {
	return c.sealFor(row(t), text)
}

func (c Custody) sealFor(r vault.Row, text secret.Text) (postgres.Ciphertext, error) {
	s, err := c.Keys.Seal(r, text)
	if err != nil {
		return postgres.Ciphertext{}, fmt.Errorf("seal token: %w", err)
	}
	return postgres.Ciphertext{KeyID: s.KeyID, Bytes: s.Ciphertext}, nil
}

// Put implements tokens.Store.
func (c Custody) Put(ctx context.Context, g tokens.Given) (bool, int64, error) {
	var sealed *postgres.Ciphertext
	if !g.Text.Empty() {
		s, err := c.Seal(g.Token, g.Text)
		if err != nil {
			return false, 0, err
		}
		sealed = &s
	}
	put := c.Store.PutToken
	if g.Narrower {
		put = c.Store.ReplaceToken
	}
	p, err := put(ctx, postgres.StoredToken{Token: g.Token, Verified: g.Verified, Scope: g.Scope}, sealed)
	switch {
	case errors.Is(err, postgres.ErrVerifiedStays):
		err = tokens.ErrVerifiedStays
	case errors.Is(err, postgres.ErrNarrower):
		err = tokens.ErrNarrower
	}
	return p.Created, p.Version, err
}

// Open implements tokens.Store.
func (c Custody) Open(ctx context.Context, t tokenstate.Token) (secret.Text, tokenstate.Seconds, error) {
	s, err := c.Store.Secret(ctx, t)
	if errors.Is(err, postgres.ErrNoToken) {
		err = tokens.ErrNotSealed
	}
	if err != nil {
		return secret.Text{}, 0, err
	}
	t.User = s.User
	text, err := c.Keys.Open(row(t), vault.Sealed{KeyID: s.KeyID, Ciphertext: s.Bytes})
	switch {
	case err == nil:
		c.freshen(ctx, t, s.Ciphertext, text)
	case errors.Is(err, vault.ErrUnknownKey):
		err = tokens.ErrLockedOut
	default:
		err = tokens.ErrAltered
	}
	return text, s.IssuedAt, err
}

// Delete implements tokens.Store.
func (c Custody) Delete(ctx context.Context, realm, user, session string) (int, int64, error) {
	return c.Store.DeleteToken(ctx, realm, user, session)
}
