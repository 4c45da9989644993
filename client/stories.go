package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Story is why a user's keys and tokens are what they are.
type Story struct {
	Realm      string       `json:"realm"`
	UserID     string       `json:"user"` // "" where an event concerns everybody
	Asked      Asked        `json:"asked"`
	Conclusion []Conclusion `json:"conclusion"`
	Steps      []Step       `json:"steps"`    // what led to it, newest first
	LeftOut    int          `json:"left_out"` // messages that changed nothing: see ExplainAll
	More       bool         `json:"more"`     // there are more messages than are told
	Pruned     bool         `json:"pruned"`   // what came before was pruned from the journal
	NextCursor string       `json:"next_cursor"`
}

// Asked is what the id of the question was found to be.
type Asked struct {
	Kind string `json:"kind"` // user, session, key, event or request
	ID   string `json:"id"`
}

// Actor is who did something, by ids: an administrator, say, of another realm.
type Actor struct {
	UserID   string `json:"user"`
	ClientID string `json:"client"`
	RealmID  string `json:"realm"`
}

// Conclusion is what is true now of some keys or tokens.
type Conclusion struct {
	What    string     `json:"what"`
	IDs     []string   `json:"ids"` // the keys', or the tokens' sessions
	State   string     `json:"state"`
	Reason  string     `json:"reason"`
	Since   *time.Time `json:"since"`
	EventID string     `json:"event_id"`
	By      string     `json:"by"` // what was done, and by whom
	Actor   *Actor     `json:"actor"`
	InDoubt bool       `json:"in_doubt"`
	Do      string     `json:"do"` // what helps
}

// Step is one message and what it changed.
type Step struct {
	At       time.Time `json:"at"`       // by the clock of Keycloak, or of who gave the order
	Received time.Time `json:"received"` // by the log's
	ID       string    `json:"id"`
	From     string    `json:"from"`
	What     string    `json:"what"`
	Actor    *Actor    `json:"actor"`
	Changes  []Change  `json:"changes"`
	Times    int       `json:"times"` // how many looks without a change are told as this one
}

// Change is one verdict before and after a step.
type Change struct {
	What   string `json:"what"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Explain tells the story of a user; or of a session's, a key's, an event's, an order's or a refused request's, by its id.
func (c *Client) Explain(ctx context.Context, id string, p Page) (*Story, error) {
	return c.explain(ctx, id, p.query())
}

// ExplainAll is Explain with the messages that changed nothing.
func (c *Client) ExplainAll(ctx context.Context, id string, p Page) (*Story, error) {
	query := p.query()
	query.Set("all", "true")
	return c.explain(ctx, id, query)
}

func (c *Client) explain(ctx context.Context, id string, query url.Values) (*Story, error) {
	query.Set("user_id", id)
	var out Story
	if _, err := c.serve(ctx, http.MethodGet, withQuery("/v1/explain", query), nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// EventState is what has become of an event of Keycloak, or of an order.
type EventState struct {
	EventID  string    `json:"event_id"`
	Applied  bool      `json:"applied"` // what it teaches is in the answers of that replica
	Messages []Arrival `json:"messages"`
	Version  int64     `json:"version"`
}

// Arrival is one message of an event.
type Arrival struct {
	MessageID  string     `json:"message_id"`
	What       string     `json:"what"`
	At         time.Time  `json:"at"`
	ReceivedAt *time.Time `json:"received_at"`
}

// Event asks by Keycloak's event id, or by the EventID of an answer. One that never came is no error.
func (c *Client) Event(ctx context.Context, eventID string) (*EventState, error) {
	var out EventState
	if _, err := c.serve(ctx, http.MethodGet, path("v1", "events", eventID), nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// RefusalQuestion says which refused calls are meant: those of a request, a key or a user.
type RefusalQuestion struct {
	RequestID, KeyID, UserID string
	Limit                    int // 0: as many as authapi gives
}

// Refusal is one call that was refused.
type Refusal struct {
	At        time.Time `json:"at"`
	RequestID string    `json:"request_id"`
	Door      string    `json:"door"` // http, authorize or extauthz
	Status    int       `json:"status"`
	Reason    string    `json:"reason"`
	EventID   string    `json:"event_id"`
	KeyID     string    `json:"key_id"` // "", as the next three: the secret did not match
	UserID    string    `json:"user_id"`
	OrgID     string    `json:"org_id"`
	Realm     string    `json:"realm"`
}

// Refusals gives the newest first. Each replica remembers its own.
func (c *Client) Refusals(ctx context.Context, q RefusalQuestion) ([]Refusal, error) {
	if err := q.validate(); err != nil {
		return nil, err
	}
	query := Page{Limit: q.Limit}.query()
	for name, value := range map[string]string{"request_id": q.RequestID, "key_id": q.KeyID, "user_id": q.UserID} {
		if value != "" {
			query.Set(name, value)
		}
	}
	got, err := list[Refusal](ctx, c, withQuery("/v1/refusals", query))
	if err != nil {
		return nil, err
	}
	return got.Items, nil
}

func (p Page) query() url.Values {
	q := url.Values{}
	if p.Limit > 0 {
		q.Set("limit", strconv.Itoa(p.Limit))
	}
	if p.Cursor != "" {
		q.Set("cursor", p.Cursor)
	}
	return q
}

// UsersByEmail finds who has an e-mail address. Keycloak is asked; nobody keeps the address.
func (c *Client) UsersByEmail(ctx context.Context, email string) (userIDs []string, err error) {
	var out struct {
		UserIDs []string `json:"user_ids"`
	}
	if _, err := c.serve(ctx, http.MethodPost, "/v1/users/by-email", map[string]string{"email": email}, &out); err != nil {
		return nil, err
	}
	return out.UserIDs, nil
}
