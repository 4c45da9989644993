// Package adapters joins the console to Postgres.
package adapters

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/console"
	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Rows reads with the rights of tokenstate_console.
type Rows struct {
	Store *postgres.Store
	Held  *keyrows.Store
}

// Log implements console.Rows.
func (r Rows) Log(ctx context.Context) (page.Log, error) {
	s, err := r.Store.LogState(ctx)
	if err != nil {
		return page.Log{}, err
	}
	status, err := r.Store.Status(ctx)
	if err != nil {
		return page.Log{}, err
	}
	l := page.Log{
		Log: s.Log, Stream: s.Stream, StreamMade: s.StreamCreated, JournalN: s.JournalN, ExportedN: s.ExportedN, PrunedN: s.PrunedN,
		Rules: rulesOf(status.Rules), Confirmed: status.Confirmed,
	}
	for _, x := range s.Replays {
		l.Replays = append(l.Replays, page.Replay(x))
	}
	for _, b := range s.Readings {
		l.Readings = append(l.Readings, page.Reading{Realm: b.Realm, Upto: b.Upto.Time(), Missed: b.Missed})
	}
	return l, nil
}

// Keys implements console.Rows.
func (r Rows) Keys(ctx context.Context, f console.KeyFilter) ([]apikey.Listed, error) {
	return r.Held.ListedKeys(ctx, keyrows.ListFilter(f))
}

// Key implements console.Rows.
func (r Rows) Key(ctx context.Context, id string) (apikey.Listed, bool, error) {
	return r.Held.ListedKey(ctx, id)
}

// Named implements console.Rows.
func (r Rows) Named(ctx context.Context, name string) (users []tokenstate.Scope, err error) {
	tokens, err := r.Store.TokensNamed(ctx, "", name)
	for _, t := range tokens {
		users = append(users, tokenstate.Scope{Realm: t.Token.Realm, User: t.Token.User})
	}
	return users, err
}

// Tokens implements console.Rows.
func (r Rows) Tokens(ctx context.Context, f console.TokenFilter) (out []projection.Token, err error) {
	stored, err := r.Store.TokensAfter(ctx, postgres.TokenFilter(f))
	for _, t := range stored {
		out = append(out, projection.Token(t))
	}
	return out, err
}

// Orders implements console.Rows.
func (r Rows) Orders(ctx context.Context, most int) ([]events.Message, error) {
	return r.Store.OrdersLately(ctx, most)
}

// Parked implements console.Rows.
func (r Rows) Parked(ctx context.Context, most int) ([]journal.Parked, error) {
	return r.Store.ParkedLately(ctx, most)
}

// Acts implements console.Rows.
func (r Rows) Acts(ctx context.Context, f console.ActFilter) (out []page.Act, err error) {
	acts, err := r.Held.LatestActs(ctx, keyrows.ActFilter(f))
	for _, a := range acts {
		out = append(out, page.Act{
			N: a.N, At: a.At.UTC(), Realm: a.Realm, Actor: a.Actor, Action: a.Action, Target: a.Target, Request: a.Request, Status: a.Status,
			Times: a.Times,
		})
	}
	return out, err
}

// rulesOf are the bounds that everybody judges by, as the worker's settings call them.
func rulesOf(r tokenstate.Rules) []page.Setting {
	span := func(m tokenstate.Millis) string { return (time.Duration(m) * time.Millisecond).String() }
	return []page.Setting{
		{Name: "WORKER_SETTLING_MARGIN", Value: span(r.Margin)},
		{Name: "WORKER_SKEW", Value: span(r.Skew)},
		{Name: "WORKER_CACHE_LAG", Value: span(r.CacheLag)},
		{Name: "WORKER_SWEEP", Value: span(r.Sweep)},
		{Name: "WORKER_CLOSED_SWEEP", Value: span(r.ClosedSweep)},
	}
}
