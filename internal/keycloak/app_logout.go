package keycloak

import (
	"context"
	"errors"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// LogoutResult says what a logout found.
type LogoutResult struct {
	// AlreadyDead: Keycloak says that the session was over, so there was nothing
	// to end. False does not prove that there was: a repeated logout answers 204.
	AlreadyDead bool
}

// Logout posts a refresh token to the logout endpoint as its own client. With an
// offline token it ends that offline session, in every client, and the online
// session of the same sid; with an online token it ends the online one only
// (measured; keycloak.md L3, L4). 204 also when the session was gone before (L5),
// and in a disabled realm (measured). *RefusedError: nothing was ended, for Keycloak
// refuses this token now and may take it again.
func (a *App) Logout(ctx context.Context, token secret.Text) (LogoutResult, error) {
	ans, err := a.conn.form(ctx, spec{name: "logout"}, "logout", map[string]string{"refresh_token": token.Reveal()}, nil)
	if err != nil || ans.status < 300 {
		return LogoutResult{}, err
	}
	if err := ans.deadToken(token); err != nil {
		return LogoutResult{}, err
	}
	return LogoutResult{AlreadyDead: true}, nil
}

// Revoke revokes one token by RFC 7009. An offline token: its client leaves the
// session, other clients of the sid live on (26.1+; up to 26.0 every offline
// session of user and client dies; keycloak.md R1). An unknown token is no
// error, as the RFC wants.
func (a *App) Revoke(ctx context.Context, token secret.Text) error {
	ans, err := a.conn.form(ctx, spec{name: "revocation"}, "revoke", map[string]string{"token": token.Reveal()}, nil)
	if err != nil || ans.status < 300 {
		return err
	}
	return ans.deadToken(token)
}

// deadToken is nil if the token's session is over already, so that there is
// nothing left to end. If the token is refused but its session may live on
// (user disabled, stale) it is *RefusedError: nothing was ended. Whatever is about our
// client or request is *UnavailableError.
func (a *answer) deadToken(token secret.Text) error {
	err := a.refusal(token)
	var r *RefusedError
	switch {
	case !errors.As(err, &r):
		return err
	case a.status == 400 && (final(r.Reason) || r.Code == "invalid_token"):
		return nil
	case r.Class.Records():
		return r
	}
	return a.unknown("refused for a reason that is not the token; check the client's id and secret")
}
