package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Admission is what a gateway is told of a key that may pass.
type Admission struct {
	UserID, OrgID, Realm string // OrgID is "" for a key that is bound to none
	Key                  Key    // without a name
	Token                State  // of the user's best offline token
}

// Authorize asks as a gateway does: is the key valid, and whose is it? An error is as of Me.
func (c *Client) Authorize(ctx context.Context, apiKey string) (*Admission, error) {
	var headers http.Header
	_, err := c.call(ctx, http.MethodGet, c.pinned("/v1/authorize"), bearer(apiKey), nil, &headers)
	if err != nil {
		return nil, err
	}
	said := func(name string) string { // ids are percent-encoded, once
		value, err := url.PathUnescape(headers.Get(name))
		if err != nil {
			return ""
		}
		return value
	}
	return &Admission{
		UserID: said("X-Auth-User-Id"), OrgID: said("X-Auth-Org-Id"), Realm: said("X-Auth-Realm"),
		Key: Key{ID: said("X-Auth-Key-Id"), Kind: said("X-Auth-Key-Kind")}, Token: State(said("X-Offline-Token-State")),
	}, nil
}

// Introspection is RFC 7662's answer about an API key. Of one that is not active nothing else is said.
type Introspection struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope"`
	UserID    string `json:"sub"`
	IssuedAt  int64  `json:"iat"` // seconds, as the next two; 0: not said
	ExpiresAt int64  `json:"exp"`
	NotBefore int64  `json:"nbf"`
	KeyID     string `json:"jti"`
	OrgID     string `json:"org_id"`
	KeyName   string `json:"key_name"`
	KeyKind   string `json:"key_kind"`
}

// Introspect asks about an API key as OAuth asks about a token.
func (c *Client) Introspect(ctx context.Context, apiKey string) (*Introspection, error) {
	var out Introspection
	if _, err := c.serve(ctx, http.MethodPost, "/oauth2/introspect", url.Values{"token": {apiKey}}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// BackChannelLogout passes on a logout token of Keycloak, for a backend that receives them itself. The token is the
// credential. eventID is the order to look at the user again.
func (c *Client) BackChannelLogout(ctx context.Context, logoutToken string) (eventID string, err error) {
	var out struct {
		EventID string `json:"event_id"`
	}
	_, err = c.call(ctx, http.MethodPost, "/v1/backchannel-logout", func(http.Header) {}, url.Values{"logout_token": {logoutToken}}, &out)
	return out.EventID, err
}

// Health says whether authapi knows enough to answer, and whether a service credential exists.
type Health struct {
	Status                string `json:"status"` // ok or starting
	ServiceAuthConfigured bool   `json:"service_auth_configured"`
}

// Health asks for it, with no credential.
func (c *Client) Health(ctx context.Context) (*Health, error) {
	var out Health
	if _, err := c.call(ctx, http.MethodGet, "/api/service/health", func(http.Header) {}, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// UserAuth is what can proceed for a user, and what to tell them.
type UserAuth struct {
	UserID   string        `json:"user_id"`
	Standing KnownStanding `json:"standing"`
	Token    Verdict       `json:"token"`
	Can      Can           `json:"can"`
	Reason   string        `json:"reason"`    // why not all of it can
	Message  string        `json:"message"`   // Markdown to show to the user
	LoginURL string        `json:"login_url"` // where they log in again, if that helps
}

// KnownStanding is what is known of a user beside their tokens.
type KnownStanding struct {
	Active    bool       `json:"active"`
	Reason    string     `json:"reason"`
	Since     *time.Time `json:"since"`
	EventID   string     `json:"event_id"`
	CheckedAt *time.Time `json:"checked_at"`
	InDoubt   bool       `json:"in_doubt"`
	Known     bool       `json:"known"` // false: the user was never looked at
}

// Can says what works for a user now.
type Can struct {
	APIKeys bool `json:"api_keys"` // what needs an API key only
	Refresh bool `json:"refresh"`  // what needs a fresh access token
}

// UserAuth asks about a user, for what runs in their name without them.
func (c *Client) UserAuth(ctx context.Context, userID string) (*UserAuth, error) {
	return c.userAuth(ctx, path("v1", "users", userID, "auth"))
}

// LinkedUser is UserAuth of the user who is linked to an identity elsewhere, such as a GitHub id. Keycloak is asked.
func (c *Client) LinkedUser(ctx context.Context, idp, idpUserID string) (*UserAuth, error) {
	return c.userAuth(ctx, withQuery("/v1/users", url.Values{"idp": {idp}, "idp_user_id": {idpUserID}}))
}

func (c *Client) userAuth(ctx context.Context, path string) (*UserAuth, error) {
	var out UserAuth
	if _, err := c.serve(ctx, http.MethodGet, path, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
