package keycloak

import (
	"context"
	"strings"
	"time"

	"github.com/Nerzal/gocloak/v13"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// Grant is what a successful refresh brings.
type Grant struct {
	AccessToken  secret.Text
	RefreshToken secret.Text   // the token to keep from now on; empty = keep the old one
	ExpiresIn    time.Duration // of the access token, from the answer
	TokenType    string
	Scope        string
	NotBefore    int64 // seconds; the largest of the realm's, client's and user's, 0 = none
}

// Refresh trades an offline token for an access token. It restarts the idle
// clock and, with rotation on, ends the token given: never use it as a test, and
// never twice at once for one session. It is tried once, and given six times
// Config.Timeout: an answer that nobody waits for ends the session with rotation on. The error is *RefusedError
// (Keycloak's word on this token, see Class) or *UnavailableError; if that was Sent,
// the refresh may have happened all the same.
func (a *App) Refresh(ctx context.Context, token secret.Text) (Grant, error) {
	return a.grant(ctx, spec{name: "refresh", want: object, waits: true}, token, map[string]string{
		"grant_type": "refresh_token", "refresh_token": token.Reveal(),
	})
}

// grant asks the token endpoint. token is what must not be repeated in an error.
func (a *App) grant(ctx context.Context, s spec, token secret.Text, fields map[string]string) (Grant, error) {
	var jwt gocloak.JWT
	ans, err := a.conn.form(ctx, s, "token", fields, &jwt)
	switch {
	case err != nil:
		return Grant{}, err
	case ans.status >= 300:
		return Grant{}, ans.refusal(token)
	case jwt.AccessToken == "" || jwt.ExpiresIn < 0:
		return Grant{}, ans.unknown("no access token in the answer")
	}
	return Grant{
		AccessToken:  secret.New(jwt.AccessToken),
		RefreshToken: secret.New(jwt.RefreshToken),
		ExpiresIn:    time.Duration(jwt.ExpiresIn) * time.Second,
		TokenType:    jwt.TokenType,
		Scope:        jwt.Scope,
		NotBefore:    int64(jwt.NotBeforePolicy),
	}, nil
}

// refusal reads an OAuth error. Only 400, 401 and 403 with an error code are
// Keycloak's word; the guard has already turned everything that is not its JSON
// into *UnavailableError.
func (a *answer) refusal(token secret.Text) error {
	code, description := a.oauthError()
	if code == "" || (a.status != 400 && a.status != 401 && a.status != 403) {
		return a.unknown("an answer that is no refusal")
	}
	if t := token.Reveal(); len(t) > 8 && strings.Contains(description, t[:8]) {
		description = "[it quoted the token]"
	}
	class, reason := Classify(a.status, code, description)
	return &RefusedError{Status: a.status, Code: code, Description: description, Class: class, Reason: reason}
}
