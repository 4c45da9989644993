package client

import (
	"context"
	"net/http"
	"time"
)

// State of an offline token.
type State string

// The states. Only Usable and Unknown are worth a refresh.
const (
	Usable    State = "usable"
	Suspended State = "suspended" // reversible
	Revoked   State = "revoked"
	Unknown   State = "unknown" // nothing is stored or tracked; of an API key: it is not known
)

// Verdict is what is known of an offline token.
type Verdict struct {
	State     State      `json:"state"`
	Reason    string     `json:"reason"`
	Since     *time.Time `json:"since"`
	EventID   string     `json:"event_id"`
	CheckedAt *time.Time `json:"checked_at"`
	InDoubt   bool       `json:"in_doubt"`
	RetryAt   *time.Time `json:"retry_at"`
}

// Key is an API key, without its secret.
type Key struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind"` // system, user or legacy
}

// Identity is whose an API key is.
type Identity struct {
	UserID string  `json:"user_id"`
	OrgID  *string `json:"org_id"` // nil for a key that is bound to none
	Realm  string  `json:"realm"`  // ids are of one realm
	Key    Key     `json:"key"`
	Token  Verdict `json:"token"` // of the user's best offline token. It does not matter for the key
	Meta   Meta    `json:"-"`
}

// Me says who holds an API key. A key is valid although its user's offline token is dead: that is
// what a logout is.
func (c *Client) Me(ctx context.Context, apiKey string) (*Identity, error) {
	return c.me(ctx, apiKey, "")
}

func (c *Client) me(ctx context.Context, apiKey, org string) (*Identity, error) {
	var out Identity
	meta, err := c.call(ctx, http.MethodGet, c.pinned("/api/v1/users/me"), func(h http.Header) {
		bearer(apiKey)(h)
		if org != "" {
			h.Set("X-Org-Id", org)
		}
	}, nil, &out)
	if err != nil {
		return nil, err
	}
	out.Meta = meta
	return &out, nil
}

// Mint gets or makes a user's system key: the same one until it is revoked or cut off.
func (c *Client) Mint(ctx context.Context, userID, orgID, name string) (key string, err error) {
	var out struct{ Key string }
	p := path("api", "service", "users", userID, "orgs", orgID, "api-keys")
	err = c.write(ctx, http.MethodPost, p, map[string]string{"name": name}, &out)
	return out.Key, err
}

// RevokeKey ends a system key. With block no other can be minted under its name.
func (c *Client) RevokeKey(ctx context.Context, userID, orgID, name string, block bool) error {
	p := path("api", "service", "users", userID, "orgs", orgID, "api-keys", name)
	if block {
		p += "?block=true"
	}
	return c.write(ctx, http.MethodDelete, p, nil, nil)
}

// Question asks about an API key, alone, or about a user's tokens: of all clients, of one, or one
// token of one session.
type Question struct {
	APIKey    string `json:"api_key,omitempty"`
	UserID    string `json:"user_id,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	SessionID string `json:"session_id,omitempty"`
	IssuedAt  int64  `json:"issued_at,omitempty"` // iat of the token
}

// Decision is a token's verdict, or for an API key whether it is active and whose it is.
type Decision struct {
	Verdict
	Active bool     `json:"active"`
	UserID string   `json:"user_id"`
	OrgID  *string  `json:"org_id"`
	Key    *Key     `json:"key"`
	Token  *Verdict `json:"token"`
}

// Decide answers each question, in order; at most 1,000.
func (c *Client) Decide(ctx context.Context, questions ...Question) ([]Decision, Meta, error) {
	return c.decide(ctx, map[string]any{"items": questions}, questions)
}

// Observe is Decide for who only compares: that the keys were used is not noted.
func (c *Client) Observe(ctx context.Context, questions ...Question) ([]Decision, Meta, error) {
	return c.decide(ctx, map[string]any{"items": questions, "observe": true}, questions)
}

func (c *Client) decide(ctx context.Context, body map[string]any, questions []Question) ([]Decision, Meta, error) {
	if err := validQuestions(questions); err != nil {
		return nil, Meta{}, err
	}
	var out struct{ Items []Decision }
	meta, err := c.serve(ctx, http.MethodPost, "/v1/decide", body, &out)
	if err == nil && len(out.Items) != len(questions) {
		err = errCount
	}
	return out.Items, meta, err
}
