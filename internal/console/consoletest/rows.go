package consoletest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/condition"
	"github.com/tokenstate/tokenstate/internal/console"
	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

var errAway = errors.New("away")

// Rows is Postgres.
type Rows struct {
	Away   atomic.Bool
	at     time.Time
	keys   []apikey.Listed
	tokens []tokenstate.Token
	orders []events.Message
}

func (r *Rows) add(i int, t tokenstate.Token, now events.Millis) {
	k := apikey.Listed{LastUsed: now.Second() - 100}
	k.ID, k.Realm, k.User, k.Name, k.Kind, k.Created, k.LastFour = fmt.Sprintf("K%09d", i), Realm, t.User, "my key", apikey.KindUser,
		now.Second()-5000, "aB3x"
	if i%3 == 0 {
		k.Kind, k.Name, k.LastUsed, k.Expires = apikey.KindSystem, apikey.SystemPrefix+"automation", 0, now.Second()+3600
	}
	r.keys, r.tokens = append(r.keys, k), append(r.tokens, t)
}

func (r *Rows) err() error {
	if r.Away.Load() {
		return errAway
	}
	return nil
}

// Log implements console.Rows.
func (r *Rows) Log(context.Context) (page.Log, error) {
	l := page.Log{
		Log:    condition.Log{Worker: "host-a", HeldUntil: r.at.Add(time.Hour), Seq: 4711},
		Stream: "TOKENSTATE", StreamMade: r.at.Add(-1000 * time.Hour),
		JournalN: 4690, Confirmed: true,
		Readings: []page.Reading{{Realm: Realm, Upto: r.at.Add(-20 * time.Second)}},
		Rules:    []page.Setting{{Name: "WORKER_SKEW", Value: "5s"}, {Name: "WORKER_SWEEP", Value: "6h0m0s"}},
	}
	if len(r.keys) > 0 {
		l.Verified = condition.Verified{At: r.at.Add(-90 * time.Minute), By: "operator ann", Sound: true, Found: "4711 journal lines, 120 facts and 60 tokens were compared, and they agree"}
	}
	if len(r.keys) > 0 && len(r.keys) < 10 {
		l.Parked, l.Waiting, l.OldestWaiting, l.EventStoreGap = 3, 2, 10*time.Minute, []string{Realm}
		l.Replays = []page.Replay{{Source: "journal", Position: 12, Updated: r.at}}
	}
	return l, r.err()
}

// Keys implements console.Rows.
func (r *Rows) Keys(_ context.Context, f console.KeyFilter) (out []apikey.Listed, err error) {
	for _, k := range r.keys {
		if k.ID > f.After && (f.User == "" || k.User == f.User) && (f.Realm == "" || k.Realm == f.Realm) && len(out) < f.Most {
			out = append(out, k)
		}
	}
	return out, r.err()
}

// Key implements console.Rows.
func (r *Rows) Key(_ context.Context, id string) (apikey.Listed, bool, error) {
	for _, k := range r.keys {
		if k.ID == id {
			return k, true, r.err()
		}
	}
	return apikey.Listed{}, false, r.err()
}

// Named implements console.Rows.
func (r *Rows) Named(_ context.Context, name string) (out []tokenstate.Scope, err error) {
	for _, t := range r.tokens {
		if t.User == name || t.Session == name {
			out = append(out, tokenstate.Scope{Realm: t.Realm, User: t.User})
		}
	}
	return out, r.err()
}

// Tokens implements console.Rows.
func (r *Rows) Tokens(_ context.Context, f console.TokenFilter) (out []projection.Token, err error) {
	for i, t := range r.tokens {
		if (f.After.Session == "" || t.Session > f.After.Session) && (f.Realm == "" || t.Realm == f.Realm) &&
			(f.ClientID == "" || t.ClientID == f.ClientID) && len(out) < f.Most {
			out = append(out, projection.Token{Token: t, Custody: "sealed", Verified: i%5 != 0})
		}
	}
	return out, r.err()
}

// Orders implements console.Rows.
func (r *Rows) Orders(context.Context, int) ([]events.Message, error) { return r.orders, r.err() }

// Parked implements console.Rows: some are in bytes that no text has.
func (r *Rows) Parked(_ context.Context, most int) (out []journal.Parked, err error) {
	for i := range min(len(r.keys), most) {
		out = append(out, journal.Parked{
			Seq: uint64(i + 1), Received: events.Millis(r.at.UnixMilli()), Subject: "tokenstate.v1.demo.event.<b>", Reason: "is no envelope",
			Raw: []byte("{\"a\":\"<script>\xff\x00\"}"),
		})
	}
	return out, r.err()
}

// Acts implements console.Rows.
func (r *Rows) Acts(_ context.Context, f console.ActFilter) (out []page.Act, err error) {
	for n := int64(len(r.keys)); n > 0 && len(out) < f.Most; n-- {
		if f.Before == 0 || n < f.Before {
			out = append(out, page.Act{
				N: n, At: r.at, Realm: Realm, Actor: "service:backend", Action: "GET /v1/explain", Target: "/v1/explain",
				Status: 200, Times: n, Request: "request-1",
			})
		}
	}
	return out, r.err()
}
