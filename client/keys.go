package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// NewKey is an API key that is asked for.
type NewKey struct {
	Name string `json:"name"`
	// OrgID is the one organization that the key is for; "" binds it to none.
	OrgID     string     `json:"org_id,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"` // nil: never
	NotBefore *time.Time `json:"not_before,omitempty"`
	// Scopes are what the key may do beyond telling whose it is: access-token.
	Scopes []string `json:"scopes,omitempty"`
	// IdempotencyKey makes it safe to repeat the call for 24 hours: the answer is the same key.
	IdempotencyKey string `json:"-"`
}

// UserKey is an API key as its owner sees it, without its secret.
type UserKey struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Kind       string     `json:"kind"` // system, user or legacy
	UserID     string     `json:"user_id"`
	OrgID      *string    `json:"org_id"`
	Prefix     string     `json:"prefix"`    // how the key begins
	LastFour   string     `json:"last_four"` // how it ends
	Scopes     []string   `json:"scopes"`
	CreatedAt  *time.Time `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	NotBefore  *time.Time `json:"not_before"`
	RevokedAt  *time.Time `json:"revoked_at"`
	LastUsedAt *time.Time `json:"last_used_at"` // written some seconds late
	Replaces   string     `json:"replaces"`     // the key that was rotated into this one
	Active     bool       `json:"active"`
	Reason     string     `json:"reason"` // why it is not active
}

// IssuedKey is a key that was made, with its secret, which is shown this once.
type IssuedKey struct {
	Key string `json:"key"`
	UserKey
	Applied bool `json:"applied"` // the answering replica knows the key by now
}

// CreateKey makes a user's own API key.
func (c *Client) CreateKey(ctx context.Context, userID string, k NewKey) (*IssuedKey, error) {
	if err := k.validate(); err != nil {
		return nil, err
	}
	return c.issue(ctx, path("v1", "users", userID, "api-keys"), k.IdempotencyKey, k)
}

// Rotation is how a key is replaced.
type Rotation struct {
	// Overlap is how long the old secret goes on working; nil: an hour. 0 revokes it at once.
	Overlap        *time.Duration
	ExpiresAt      *time.Time // of the new key; nil: as the old one's
	IdempotencyKey string
}

// RotateKey gives a new key in the place of one. Both live until the overlap ends; revoking the new one ends both.
func (c *Client) RotateKey(ctx context.Context, userID, keyID string, r Rotation) (*IssuedKey, error) {
	if err := r.validate(); err != nil {
		return nil, err
	}
	body := map[string]any{}
	if r.Overlap != nil {
		body["overlap_s"] = int(*r.Overlap / time.Second)
	}
	if r.ExpiresAt != nil {
		body["expires_at"] = r.ExpiresAt
	}
	return c.issue(ctx, path("v1", "users", userID, "api-keys", keyID, "rotate"), r.IdempotencyKey, body)
}

func (c *Client) issue(ctx context.Context, path, idempotencyKey string, body any) (*IssuedKey, error) {
	if c.service == "" {
		return nil, errNoServiceKey
	}
	var out IssuedKey
	_, err := c.call(ctx, http.MethodPost, c.waiting(path), func(h http.Header) {
		h.Set(serviceHeader, c.service)
		if idempotencyKey != "" {
			h.Set("Idempotency-Key", idempotencyKey)
		}
	}, body, &out)
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// Page asks for a part of a list. The zero Page is the first one, of authapi's own length.
type Page struct {
	Limit  int
	Cursor string // NextCursor of the page before
}

// List is one page of a list.
type List[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor"` // "": this was the last one
}

// Keys lists a user's API keys, the newest first, the dead ones too; system: system keys as well.
func (c *Client) Keys(ctx context.Context, userID string, system bool, p Page) (*List[UserKey], error) {
	query := p.query()
	if system {
		query.Set("system", "true")
	}
	return list[UserKey](ctx, c, withQuery(path("v1", "users", userID, "api-keys"), query))
}

// RevokeUserKey ends one of a user's own keys. It may be repeated.
func (c *Client) RevokeUserKey(ctx context.Context, userID, keyID string) error {
	return c.write(ctx, http.MethodDelete, path("v1", "users", userID, "api-keys", keyID), nil, nil)
}

// PutMember makes a user a member of an organization.
func (c *Client) PutMember(ctx context.Context, orgID, userID string) error {
	return c.write(ctx, http.MethodPut, path("v1", "orgs", orgID, "members", userID), nil, nil)
}

// DeleteMember ends a membership. Where members are checked the organization's keys of that user stop.
func (c *Client) DeleteMember(ctx context.Context, orgID, userID string) error {
	return c.write(ctx, http.MethodDelete, path("v1", "orgs", orgID, "members", userID), nil, nil)
}

func list[T any](ctx context.Context, c *Client, path string) (*List[T], error) {
	var out List[T]
	if _, err := c.serve(ctx, http.MethodGet, path, nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

func withQuery(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
