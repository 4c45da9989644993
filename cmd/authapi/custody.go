package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/authapi/orders"
	"github.com/tokenstate/tokenstate/internal/authapi/tokens"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/vault"
)

// custody joins the vault and the tokens' rows: nothing else sees both key and ciphertext.
type custody struct {
	store *postgres.Store
	keys  *vault.Keyset
}

// row binds a ciphertext to its place and its user, so that it opens nowhere else.
func row(t tokenstate.Token) vault.Row {
	return vault.Row{Realm: t.Realm, Client: t.ClientID, Session: t.Session, RowID: t.User}
}

func (c custody) Put(ctx context.Context, g tokens.Given) (bool, int64, error) {
	var sealed *postgres.Ciphertext
	if !g.Text.Empty() {
		s, err := c.keys.Seal(row(g.Token), g.Text)
		if err != nil {
			return false, 0, fmt.Errorf("seal token: %w", err)
		}
		sealed = &postgres.Ciphertext{KeyID: s.KeyID, Bytes: s.Ciphertext}
	}
	put := c.store.PutToken
	if g.Narrower {
		put = c.store.ReplaceToken
	}
	p, err := put(ctx, postgres.StoredToken{Token: g.Token, Verified: g.Verified, Scope: g.Scope}, sealed)
	switch {
	case errors.Is(err, postgres.ErrVerifiedStays):
		err = tokens.ErrVerifiedStays
	case errors.Is(err, postgres.ErrNarrower):
		err = tokens.ErrNarrower
	}
	return p.Created, p.Version, err //nolint:wrapcheck // joins only
}

func (c custody) Open(ctx context.Context, t tokenstate.Token) (secret.Text, tokenstate.Seconds, error) {
	s, err := c.store.Secret(ctx, t)
	if errors.Is(err, postgres.ErrNoToken) {
		err = tokens.ErrNotSealed
	}
	if err != nil {
		return secret.Text{}, 0, err //nolint:wrapcheck // joins only
	}
	t.User = s.User
	text, err := c.keys.Open(row(t), vault.Sealed{KeyID: s.KeyID, Ciphertext: s.Bytes})
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

func (c custody) Delete(ctx context.Context, realm, user, session string) (int, int64, error) {
	return c.store.DeleteToken(ctx, realm, user, session) //nolint:wrapcheck // joins only
}

// orders joins the outbox.
type orderStore struct{ *postgres.Store }

func (o orderStore) Submit(ctx context.Context, m events.Message) (int64, error) {
	return o.Order(ctx, m) //nolint:wrapcheck // joins only
}

func (o orderStore) SubmitReaching(ctx context.Context, m events.Message) (int64, orders.Reached, error) {
	version, r, err := o.OrderReaching(ctx, m)
	return version, orders.Reached{Users: r.Users, Tokens: r.Tokens, Keys: r.Keys}, err //nolint:wrapcheck // joins only
}
