package client

import (
	"context"
	"net/http"
	"time"
)

// The types of notices.
const (
	LoginNeeded   = "io.tokenstate.login.needed"
	LoginRestored = "io.tokenstate.login.restored"
	LoginExpiring = "io.tokenstate.login.expiring"
	UserClosed    = "io.tokenstate.user.closed"
	UserOpened    = "io.tokenstate.user.opened"
	KeyExpiring   = "io.tokenstate.key.expiring"
)

// Notice is something that a user should be told: a CloudEvent.
type Notice struct {
	ID      string     `json:"id"` // the same however often it comes
	Type    string     `json:"type"`
	Subject string     `json:"subject"`
	Time    time.Time  `json:"time"`
	Data    NoticeData `json:"data"`
}

// NoticeData is what a notice says; what its type has no use for is empty.
type NoticeData struct {
	Realm       string     `json:"realm"`
	UserID      string     `json:"user_id"`
	TokenUserID string     `json:"token_user_id"` // whom the token names, where that is not UserID
	ClientID    string     `json:"client_id"`
	SessionID   string     `json:"session_id"`
	KeyID       string     `json:"key_id"`
	Reason      string     `json:"reason"`
	Since       *time.Time `json:"since"`
	EventID     string     `json:"event_id"`
	ExpiresAt   *time.Time `json:"expires_at"`
	KeysPass    bool       `json:"keys_pass"` // the user's API keys go on working
	LastKeyUse  *time.Time `json:"last_key_use"`
	LoginURL    string     `json:"login_url"`
	Message     string     `json:"message"`
}

// NoticePage is some notices, oldest first.
type NoticePage struct {
	Items     []Notice `json:"items"`
	NextAfter string   `json:"next_after"` // where to go on, also when there is nothing more yet
}

// Notices gives those that follow a place, NextAfter of the page before; "" begins with the oldest that are kept. A limit
// of 0 leaves it to authapi. Remember NextAfter where you keep what you have made of them, and ask every few seconds.
func (c *Client) Notices(ctx context.Context, after string, limit int) (*NoticePage, error) {
	query := Page{Limit: limit}.query()
	if after != "" {
		query.Set("after", after)
	}
	var out NoticePage
	if _, err := c.serve(ctx, http.MethodGet, withQuery("/v1/notices", query), nil, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
