package adapters

import (
	"context"
	"errors"

	"github.com/tokenstate/tokenstate/internal/authapi/tokens"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/logouttoken"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Sender is a realm whose logout tokens are taken.
type Sender struct {
	*logouttoken.Verifier
	Issuer func(context.Context) (string, error)
}

// LogoutTokens joins the verifiers of all realms, by name, to tokens.LogoutTokens.
type LogoutTokens map[string]Sender

// Verify implements tokens.LogoutTokens.
func (l LogoutTokens) Verify(ctx context.Context, raw secret.Text) (tokens.LogoutToken, error) {
	realm, err := l.realmOf(ctx, raw.Reveal())
	var t logouttoken.Token
	if err == nil {
		t, err = l[realm].Verify(ctx, raw.Reveal())
	}
	if bad, ok := errors.AsType[*logouttoken.InvalidError](err); ok {
		return tokens.LogoutToken{}, &tokens.BadLogoutTokenError{Reason: bad.Reason, Cause: bad.Cause}
	}
	return tokens.LogoutToken{Realm: realm, ID: t.ID, User: t.User, Session: t.Session, Audience: t.Audience}, err
}

// realmOf chooses who verifies, by the issuer that the token names: the verifier holds the token
// to its own. With one realm there is nothing to choose.
func (l LogoutTokens) realmOf(ctx context.Context, raw string) (string, error) {
	if len(l) == 1 {
		for realm := range l {
			return realm, nil
		}
	}
	named, err := logouttoken.Issuer(raw)
	if err != nil {
		return "", err
	}
	var away error
	for realm, s := range l {
		issuer, err := s.Issuer(ctx)
		if err == nil && issuer == named {
			return realm, nil
		}
		away = errors.Join(away, err)
	}
	if away != nil {
		return "", away
	}
	return "", &logouttoken.InvalidError{Reason: "the issuer is not one that is served here"}
}

// Logouts joins the orders that follow from logout tokens to the outbox.
type Logouts struct{ *postgres.Store }

// OrderByLogout implements tokens.Logouts.
func (l Logouts) OrderByLogout(ctx context.Context, id string, m events.Message) (int64, error) {
	version, err := l.Store.OrderByLogout(ctx, id, m)
	if errors.Is(err, postgres.ErrReplayed) {
		err = tokens.ErrReplayed
	}
	return version, err
}
