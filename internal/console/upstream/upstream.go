// Package upstream asks authapi as anybody does, by the public client, with the console's own
// credential and in a person's name.
package upstream

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	authapi "github.com/tokenstate/tokenstate/client"
	"github.com/tokenstate/tokenstate/internal/console"
	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// callLimit bounds one question.
const callLimit = 10 * time.Second

// Authapi is one authapi. Without an address it answers console.ErrNotConfigured.
type Authapi struct {
	URL        string
	Credential secret.Text
	OfRealm    string // of the credential
}

// Realm implements console.Authapi.
func (a *Authapi) Realm() string {
	if a.URL == "" || a.Credential.Empty() {
		return ""
	}
	return a.OfRealm
}

// as is authapi for a person.
func (a *Authapi) as(by console.Visitor, credential secret.Text) (*authapi.Client, error) {
	if a.URL == "" || credential.Empty() {
		return nil, console.ErrNotConfigured
	}
	c, err := authapi.New(a.URL, authapi.WithServiceKey(credential.Reveal()),
		authapi.WithHTTPClient(&http.Client{Timeout: callLimit, Transport: named{by}}))
	if err != nil {
		return nil, console.ErrNotConfigured
	}
	return c, nil
}

// named says for whom the console asks.
type named struct{ by console.Visitor }

// RoundTrip implements http.RoundTripper.
func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	if n.by.Person {
		r = r.Clone(r.Context())
		r.Header.Set("Tokenstate-Acting-For", url.PathEscape(cut(n.by.Name)))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// maxName is what authapi takes as a person's name.
const maxName = 128

// cut shortens a name to whole letters.
func cut(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "")
}

// Told implements console.Authapi.
func (a *Authapi) Told(ctx context.Context, by console.Visitor, user string) (*page.Told, error) {
	c, err := a.as(by, a.Credential)
	if err != nil {
		return nil, err
	}
	got, err := c.UserAuth(ctx, user)
	if unknown(err) || err == nil && got.Message == "" {
		return nil, nil // nobody to tell anything, or nothing to tell
	}
	if err != nil {
		return nil, err
	}
	return &page.Told{Message: got.Message, LoginURL: got.LoginURL}, nil
}

// unknown: of a user who is known to be gone authapi says 401 to keys, and 404 or 409 here.
func unknown(err error) bool {
	p, ok := errors.AsType[*authapi.Problem](err)
	return ok && (p.Status == http.StatusNotFound || p.Status == http.StatusConflict)
}

// Refused implements console.Authapi.
func (a *Authapi) Refused(ctx context.Context, by console.Visitor, requestID string) (out []page.Refusal, err error) {
	if len(requestID) > 64 || strings.ContainsFunc(requestID, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, nil // no request has such an id
	}
	c, err := a.as(by, a.Credential)
	if err != nil {
		return nil, err
	}
	got, err := c.Refusals(ctx, authapi.RefusalQuestion{RequestID: requestID})
	for _, r := range got {
		out = append(out, page.Refusal{
			At: r.At, Request: r.RequestID, Door: r.Door, Status: r.Status, Reason: r.Reason, Event: r.EventID, Key: r.KeyID, User: r.UserID,
			Org: r.OrgID, Realm: r.Realm,
		})
	}
	return out, err
}

// ByEmail implements console.Authapi.
func (a *Authapi) ByEmail(ctx context.Context, by console.Visitor, email string) ([]string, error) {
	c, err := a.as(by, a.Credential)
	if err != nil {
		return nil, err
	}
	users, err := c.UsersByEmail(ctx, email)
	return users, refusal(err)
}

// refusal is an error that says no for good, in authapi's own words; any other is as it was.
func refusal(err error) error {
	if p, ok := errors.AsType[*authapi.Problem](err); ok && !p.Temporary() {
		return &console.RefusedError{Text: p.Error() + "."}
	}
	return err
}

// Try says whether a credential is good and has the scope explain; console.ErrOut if not.
func (a *Authapi) Try(ctx context.Context, credential string) error {
	c, err := a.as(console.Visitor{}, secret.New(credential))
	if err != nil {
		return err
	}
	_, err = c.Refusals(ctx, authapi.RefusalQuestion{RequestID: "console-login"})
	if p, ok := errors.AsType[*authapi.Problem](err); ok && (p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden) {
		return console.ErrOut
	}
	return err
}

// Give implements console.Authapi: an order in the name of a person.
func (a *Authapi) Give(ctx context.Context, by console.Visitor, i page.Intent) (page.Done, error) {
	c, err := a.as(by, a.Credential)
	if err != nil {
		return page.Done{}, err
	}
	given, err := order(ctx, c, i)
	if err != nil {
		return page.Done{}, refusal(err)
	}
	return page.Done{Event: given.EventID, Users: given.Reached.Users, Tokens: given.Reached.Tokens, Keys: given.Reached.Keys}, nil
}

func order(ctx context.Context, c *authapi.Client, i page.Intent) (*authapi.Applied, error) {
	switch i.What {
	case page.OrderDisable, page.OrderEnable:
		return c.SetStanding(ctx, i.User, authapi.Standing{Enabled: i.What == page.OrderEnable, Reason: i.Reason})
	default:
		return c.Revoke(ctx, i.User, authapi.Revocation{Tokens: i.What != page.OrderKeys, Keys: i.What != page.OrderTokens, Reason: i.Reason})
	}
}
