package client

import (
	"context"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// How long an access token is used before authapi is asked again, and how long it must still be
// valid. authapi keeps it much longer, and drops it at once when the offline token dies.
const (
	reuseFor = 20 * time.Second
	minValid = 30 * time.Second
)

// TokenSource gives access tokens of a user's offline token that authapi keeps; clientID may be ""
// for any. It asks authapi, and authapi asks Keycloak only if the offline token is not known to be
// dead. Errors are *Problem: see ErrTokenRevoked, ErrTokenSuspended, ErrNoToken, ErrUnavailable.
// ctx is for all calls that the source will make.
func (c *Client) TokenSource(ctx context.Context, userID, clientID string) oauth2.TokenSource {
	return &kept{ctx: ctx, c: c, user: userID, client: clientID}
}

type kept struct {
	ctx          context.Context // oauth2.TokenSource has none
	c            *Client
	user, client string

	mu    sync.Mutex
	token *oauth2.Token
	until time.Time
}

// Token implements oauth2.TokenSource.
func (k *kept) Token() (*oauth2.Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Now().Before(k.until) {
		return k.token, nil
	}
	got, err := k.c.AccessToken(k.ctx, k.user, k.client, minValid)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	expires := now.Add(time.Duration(got.ExpiresIn) * time.Second)
	k.token = &oauth2.Token{AccessToken: got.AccessToken, TokenType: "Bearer", Expiry: expires}
	k.until = earlier(now.Add(reuseFor), expires.Add(-minValid))
	return k.token, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
