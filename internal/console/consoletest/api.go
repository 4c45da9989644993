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
	Away atomic.Bool
	at   time.Time

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
	s := timeline.Story{Realm: Realm, User: name, Pruned: true}
	for i := range 30 {
		step := timeline.Step{At: a.at.Add(time.Duration(i) * time.Minute), ID: "look-<b>", From: "look", What: "look: user is disabled"}
		if i%12 == 3 {
			step.From, step.What = "listener", "event UPDATE USER"
			step.Changes = []timeline.Change{{What: "owner of keys", Before: "active", After: "closed (user_disabled)"}}
		}
		s.Steps = append(s.Steps, step)
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
	return []page.Refusal{{At: a.at, Request: id, Door: "http", Status: 401, Reason: "user_disabled", Event: "order-000001", Key: "K000000001", User: Users(2)[1], Realm: Realm}}, a.err()
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
