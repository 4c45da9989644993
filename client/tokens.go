package client

import (
	"context"
	"errors"
	"net/http"
	"time"
)

var errCount = errors.New("tokenstate: authapi gave another number of answers than there were questions")

// StoredToken is an offline token as authapi knows it, without its text.
type StoredToken struct {
	UserID    string `json:"user_id"`
	ClientID  string `json:"client_id"`
	SessionID string `json:"session_id"`
	IssuedAt  int64  `json:"issued_at"`
	// ExpiresAt is the token's own exp; nil if it has none, as most offline tokens.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// Scope is what the token may do, separated by blanks; "" if nobody has said.
	Scope    string `json:"scope,omitempty"`
	Custody  string `json:"custody"` // sealed: authapi keeps it; tracked: you do
	Verified bool   `json:"verified"`
	State    State  `json:"state"`
}

// StoreToken gives an offline token into authapi's custody.
func (c *Client) StoreToken(ctx context.Context, refreshToken string) (*StoredToken, error) {
	return c.put(ctx, map[string]any{"refresh_token": refreshToken})
}

// ReplaceToken is StoreToken, and gives up a token of the same session that has more scopes. StoreToken
// answers with a *Problem of the type narrower-token then.
func (c *Client) ReplaceToken(ctx context.Context, refreshToken string) (*StoredToken, error) {
	return c.put(ctx, map[string]any{"refresh_token": refreshToken, "accept_narrower": true})
}

// TrackToken tells authapi of an offline token that you keep: its user, its client (azp), its
// session (sid) and its iat.
func (c *Client) TrackToken(ctx context.Context, t TokenID) (*StoredToken, error) {
	if err := t.validate(); err != nil {
		return nil, err
	}
	return c.put(ctx, t)
}

func (c *Client) put(ctx context.Context, body any) (*StoredToken, error) {
	var out StoredToken
	if err := c.write(ctx, http.MethodPut, "/v1/offline-tokens", body, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// DeleteToken forgets the tokens of a session.
func (c *Client) DeleteToken(ctx context.Context, userID, sessionID string) error {
	return c.write(ctx, http.MethodDelete, path("v1", "users", userID, "offline-tokens", sessionID), nil, nil)
}

// ListedToken is one of a user's offline tokens, and what is known of it.
type ListedToken struct {
	ClientID  string     `json:"client_id"`
	SessionID string     `json:"session_id"`
	IssuedAt  int64      `json:"issued_at"`
	ExpiresAt *time.Time `json:"expires_at"`
	Scope     string     `json:"scope"`
	Custody   string     `json:"custody"` // sealed or tracked
	Verified  bool       `json:"verified"`
	Verdict
}

// Tokens lists what authapi knows of a user's offline tokens, never the tokens.
func (c *Client) Tokens(ctx context.Context, userID string, p Page) (*List[ListedToken], error) {
	return list[ListedToken](ctx, c, withQuery(path("v1", "users", userID, "offline-tokens"), p.query()))
}

// AccessToken is what a refresh brought.
type AccessToken struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"` // seconds
	Source      string `json:"source"`     // cache or refresh: of this token, or of what it was exchanged for
}

// AccessToken gets an access token of a user's offline token that authapi keeps. clientID may be ""
// for any. Where the token is known to be dead, Keycloak is not asked; the error is a *Problem.
func (c *Client) AccessToken(ctx context.Context, userID, clientID string, minValid time.Duration) (*AccessToken, error) {
	body := map[string]any{"min_valid_s": int(minValid / time.Second)}
	if clientID != "" {
		body["client_id"] = clientID
	}
	return c.access(ctx, userID, body)
}

// AccessTokenFor gets one that is meant for another client of the realm alone, in exchange for the
// user's: for calling on to that service in the user's name. Keycloak must allow authapi's client
// to exchange; else the error is a *Problem of the type exchange-refused.
func (c *Client) AccessTokenFor(ctx context.Context, userID, audience string) (*AccessToken, error) {
	return c.access(ctx, userID, map[string]any{"audience": audience})
}

func (c *Client) access(ctx context.Context, userID string, body map[string]any) (*AccessToken, error) {
	var out AccessToken
	if _, err := c.serve(ctx, http.MethodPost, path("v1", "users", userID, "access-token"), body, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// TokenID names one offline token.
type TokenID struct {
	UserID    string `json:"user_id"`
	ClientID  string `json:"client_id"`
	SessionID string `json:"session_id"`
	IssuedAt  int64  `json:"issued_at"`
	// ExpiresAt is the token's exp, if it has one; only for TrackToken.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// Scope is what the token may do, separated by blanks; only for TrackToken.
	Scope string `json:"scope,omitempty"`
	// Issuer is the token's iss: while its realm has another one, its verdict is in doubt; only for TrackToken.
	Issuer string `json:"issuer,omitempty"`
}

// RefreshOutcome is what Keycloak answered when you refreshed a token yourself. Status 200: it
// was refreshed.
type RefreshOutcome struct {
	TokenID
	Status           int    `json:"status"`
	Error            string `json:"error,omitempty"`
	ErrorDescription string `json:"error_description,omitempty"`
}

// Reported is what an outcome means for its token.
type Reported struct {
	Recorded bool   `json:"recorded"` // false: it says nothing about the token
	Reason   string `json:"reason"`
	State    State  `json:"state"`
}

// ReportRefresh tells authapi, so that nobody refreshes a dead token again. What says nothing about
// the token, such as a 503, is not recorded against it.
func (c *Client) ReportRefresh(ctx context.Context, o RefreshOutcome) (Reported, error) {
	if err := o.validate(); err != nil {
		return Reported{}, err
	}
	o.ErrorDescription = o.ErrorDescription[:min(len(o.ErrorDescription), maxDescription)]
	var out Reported
	err := c.write(ctx, http.MethodPost, "/v1/refresh-outcomes", o, &out)
	return out, err
}

// maxDescription is how much of Keycloak's free text is sent.
const maxDescription = 1000

// LogoutResult says what ended.
type LogoutResult struct {
	Ended   bool   `json:"ended"`
	Offline string `json:"offline"` // kept, revoked or none
	EventID string `json:"event_id"`
	Applied bool   `json:"applied"`
}

// Logout ends the session of a refresh token at Keycloak. The offline token, and with it every
// automation, lives on unless revokeOffline is set.
func (c *Client) Logout(ctx context.Context, refreshToken string, revokeOffline bool) (*LogoutResult, error) {
	var out LogoutResult
	body := map[string]any{"refresh_token": refreshToken, "revoke_offline": revokeOffline}
	if err := c.write(ctx, http.MethodPost, "/v1/logout", body, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
