package consoletest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenstate/tokenstate/internal/console"
	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/timeline"
)

// API is authapi.
type API struct {
	Away  atomic.Bool
	at    time.Time
	users []string

	mu    sync.Mutex
	given []string
}

func (a *API) err() error {
	if a.Away.Load() {
		return errAway
	}
	return nil
}

// Explain implements console.Authapi.
func (a *API) Explain(_ context.Context, _ console.Visitor, name string) (timeline.Story, error) {
	if name == "nobody" {
		return timeline.Story{}, console.ErrUnknown
	}
	since := a.at.Add(-time.Minute)
	s := timeline.Story{
		Realm: Realm, User: name, Pruned: true,
		Conclusion: []timeline.Line{
			{
				What: "API keys", IDs: []string{"K000000009"}, State: "refused", Reason: new("user_disabled"), Since: &since,
				EventID: new("event-1"), By: new("UPDATE USER, by administrator ann <b>"),
				Do: new("enable the user in Keycloak; the keys work again then"),
			},
			{
				What: "offline tokens of app", IDs: a.users, State: "suspended", Reason: new("user_disabled"), Since: &since, InDoubt: true,
				Do: new("enable the user in Keycloak"),
			},
		},
		Steps: []timeline.Step{
			{At: a.at, ID: "look-<b>", From: "look", What: "12 looks since Nov 29 10:00, no change; the last: user is disabled"},
			{
				At: since, ID: "event-1", From: "listener", What: "event UPDATE USER",
				Changes: []timeline.Change{{What: "owner of keys", Before: "active", After: "closed (user_disabled)"}},
			},
		},
	}
	return s, a.err()
}

// Told implements console.Authapi.
func (a *API) Told(context.Context, console.Visitor, string) (*page.Told, error) {
	return &page.Told{Message: "your account is disabled. <b>Please</b> ask an administrator.", LoginURL: "https://app.example/login"}, a.err()
}

// Refused implements console.Authapi.
func (a *API) Refused(_ context.Context, _ console.Visitor, id string) ([]page.Refusal, error) {
	if id != "request-1" {
		return nil, a.err()
	}
	return []page.Refusal{{
		At: a.at, Request: id, Door: "http", Status: 401, Reason: "user_disabled", Event: "order-000001",
		Key: "K000000001", User: Users(2)[1], Realm: Realm,
	}}, a.err()
}

// ByEmail implements console.Authapi: two users may have one address.
func (a *API) ByEmail(_ context.Context, _ console.Visitor, email string) ([]string, error) {
	switch email {
	case "ann@example.org":
		return a.users[len(a.users)-1:], a.err()
	case "both@example.org":
		return a.users[len(a.users)-2:], a.err()
	case "ldap@example.org":
		return nil, &console.RefusedError{Text: "the realm has a user store."}
	}
	return nil, a.err()
}

// Realm implements console.Authapi.
func (*API) Realm() string { return Realm }

// Give implements console.Authapi.
func (a *API) Give(_ context.Context, by console.Visitor, i page.Intent) (page.Done, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i.Reason == "refuse this" {
		return page.Done{}, &console.RefusedError{Text: "a time or a text of it is out of bounds."}
	}
	a.given = append(a.given, by.Name+" "+i.What+" "+i.User)
	return page.Done{Event: "order-id", Users: 1, Tokens: 1}, a.err()
}

// Given are the orders that were given.
func (a *API) Given() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.given)
}
