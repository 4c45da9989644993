// Package idp is Keycloak as authapi asks it: by the application's own client, one realm strictly apart from the others.
package idp

import (
	"context"
	"errors"
	"time"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Provider is Keycloak, asked as the application's own client. An error that is not a
// *RefusalError means that nothing was learnt; see UnansweredError.
type Provider interface {
	// Parse reads a refresh token's claims without verifying it; ErrUnreadable.
	Parse(secret.Text) (Claims, error)
	// Issuer is what tokens of our realm carry as iss.
	Issuer(context.Context) (string, error)
	Introspect(context.Context, secret.Text) (Introspection, error)
	// Refresh is never repeated and never used as a test. A *RefusalError is Keycloak's word.
	Refresh(context.Context, secret.Text) (Grant, error)
	// Exchange trades an access token for one for another client of the realm. A *RefusalError is no
	// word on the offline token.
	Exchange(ctx context.Context, access secret.Text, audience string) (Grant, error)
	// Classify says what a refusal that somebody else saw means for the token.
	Classify(status int, code, description string) *RefusalError
	// Logout ends the session of a refresh token, or of an offline one. A *RefusalError: nothing is
	// ended, for Keycloak refuses the token now and may take it again.
	Logout(context.Context, secret.Text) (alreadyDead bool, err error)
	LookUser(ctx context.Context, user string) (Look, error)
}

// Claims are what a refresh token says of itself.
type Claims struct {
	Issuer, User, Session, ClientID string
	Scope                           string // separated by blanks
	IssuedAt                        tokenstate.Seconds
	Expires                         tokenstate.Seconds // exp; 0: it has none
	Offline                         bool
}

// Introspection is Keycloak's word on a token; the rest holds only if Active.
type Introspection struct {
	Active bool
	Claims
}

// Grant is what a refresh brings. Next is the refresh token to keep, if it is another one.
type Grant struct {
	Access  secret.Text
	Expires time.Duration
	Next    secret.Text
}

// Look is what the application's account sees of a user.
type Look struct{ Gone, Enabled bool }

// RefusalError is Keycloak's word that it does not refresh exactly this token.
type RefusalError struct {
	Records                   bool // it is about the token, and to be remembered
	Code, Description, Reason string
}

func (r *RefusalError) Error() string { return "refused: " + r.Reason }

// UnansweredError means that nothing was learnt of a token.
type UnansweredError struct {
	Sent       bool          // the request may have reached Keycloak, and had its effect
	RetryAfter time.Duration // 0: Keycloak did not say
	Cause      error
}

func (u *UnansweredError) Error() string { return "no answer: " + u.Cause.Error() }

// Unwrap gives the cause.
func (u *UnansweredError) Unwrap() error { return u.Cause }

// ErrUnreadable is Provider.Parse's answer to what is no token.
var ErrUnreadable = errors.New("not a readable token")
