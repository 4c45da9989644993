package client

import (
	"context"
	"net/http"
	"time"
)

// Applied says that an order was given, and whether it is enforced by now.
type Applied struct {
	EventID string  `json:"event_id"`
	Applied bool    `json:"applied"`
	Version int64   `json:"version"`
	Reached Reached `json:"reached"`
}

// Reached is what an order found. Nothing at all means that nobody of that id is known: check it.
type Reached struct {
	Users  int `json:"users"`
	Tokens int `json:"tokens"`
	Keys   int `json:"keys"`
}

// Standing is the backend's own word on a user. Keycloak's does not undo it.
type Standing struct {
	Enabled bool `json:"enabled"`
	// CredentialsRevokedBefore: keys and tokens from before it stay dead, also after an enable.
	CredentialsRevokedBefore *time.Time `json:"credentials_revoked_before,omitempty"`
	Reason                   string     `json:"reason"`
}

// SetStanding disables or enables a user.
func (c *Client) SetStanding(ctx context.Context, userID string, s Standing) (*Applied, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	return c.order(ctx, path("v1", "users", userID, "standing"), s)
}

// Revocation ends a user's tokens, keys or both, for good.
type Revocation struct {
	Tokens bool       `json:"tokens"`
	Keys   bool       `json:"keys"`
	Before *time.Time `json:"before,omitempty"` // nil: now
	Reason string     `json:"reason"`
}

// Revoke ends what a user has.
func (c *Client) Revoke(ctx context.Context, userID string, r Revocation) (*Applied, error) {
	if err := r.validate(); err != nil {
		return nil, err
	}
	return c.order(ctx, path("v1", "users", userID, "revoke"), r)
}

func (c *Client) order(ctx context.Context, path string, body any) (*Applied, error) {
	var out Applied
	if err := c.write(ctx, http.MethodPost, path, body, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
