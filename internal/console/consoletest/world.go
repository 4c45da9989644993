// Package consoletest has a console whose neighbours are in memory: its pages can be looked at as
// each role, with any number of rows, and with neighbours that are away.
package consoletest

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/console"
	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Realm of everybody in a World.
const Realm = "demo"

// hostile are ids that somebody may give a user to harm whoever looks.
var hostile = []string{
	`<script>alert(1)</script>`, "\u202egnp.live", strings.Repeat("w", 255), "👩‍🚀 & co", `f:ldap:a/b?c#d`, `"><img src=x onerror=alert(1)>`, "..",
}

// World is a console and what it asks.
type World struct {
	*console.Server
	Known *projection.Projection
	Rows  *Rows
	API   *API
	OIDC  *OIDC
	Log   *strings.Builder // what the console logs

	Checks *Checks

	mu    sync.Mutex
	clock time.Time
}

// Users of a World of n: the hostile ones first.
func Users(n int) []string {
	return append(slices.Clone(hostile[:min(n, len(hostile))]), plain(n)[min(n, len(hostile)):]...)
}

// plain are ids as Keycloak makes them.
func plain(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("5f0c8a4e-0000-4000-8000-%012d", i))
	}
	return ids
}

// Options of a World.
type Options struct {
	Users int
	URL   string // where it is reached
	Login bool   // else nobody is asked who they are
	Plain bool   // no hostile names
	One   bool   // all tokens and keys are the first user's

	Pace   rate.Limit // pages a second; 0: as many as there may be
	Issuer string     // of the login; "": one that does not exist
}

// New makes a world of users, each with a token and a key, of whom some are disabled and some cut
// off. It lives as long as ctx.
func New(ctx context.Context, o Options) (*World, error) {
	users := Users(o.Users)
	if o.Plain {
		users = plain(o.Users)
	}
	w := &World{clock: time.Now().UTC().Truncate(time.Second), Log: &strings.Builder{}}
	now := events.Millis(w.clock.UnixMilli())
	facts := tokenstate.NewFacts()
	w.Rows, w.API, w.OIDC = &Rows{at: w.clock}, &API{at: w.clock, users: users}, &OIDC{Issuer: cmp.Or(o.Issuer, "https://id.example")}
	w.Checks = &Checks{Go: make(chan error)}
	var tokens []projection.Token
	for i, user := range users {
		if o.One {
			user = users[0]
		}
		t := tokenstate.Token{Realm: Realm, User: user, ClientID: "app", Session: fmt.Sprintf("session-%06d", i), IssuedAt: now.Second() - 4000}
		tokens = append(tokens, projection.Token{Token: t, Custody: "sealed", Verified: i%5 != 0, Scope: "openid offline_access"})
		w.Rows.add(i, t, now)
		if m, ok := orderOf(i, user, now); ok {
			facts.Learn(m)
			w.Rows.orders = append(w.Rows.orders, m)
		}
	}
	w.Known = projection.New(&source{facts: facts, tokens: tokens, at: now, silent: o.Users == 0}, projection.Options{}, zerolog.Nop())
	go func() { _ = w.Known.Run(ctx) }()
	if err := w.Known.WaitVersion(ctx, 1); err != nil {
		return nil, err
	}
	at, err := url.Parse(o.URL)
	if err != nil {
		return nil, err
	}
	c := console.Config{
		Known: w.Known, Rows: w.Rows, Checks: w.Checks, Authapi: w.API, Public: at, Version: "test", Logger: zerolog.New(w.Log), Now: w.Now,
		Pace:     cmp.Or(o.Pace, rate.Inf),
		Settings: []page.Setting{{Name: "CONSOLE_LOGIN", Value: "oidc,credential"}, {Name: "CONSOLE_CLIENT_SECRET", Value: "set"}},
	}
	c.Samples, c.Scraped = func() []page.Sample { return samples(w.clock, o.Users) }, true
	if c.Logins.Open = !o.Login; o.Login {
		c.Logins.OIDC, c.Logins.Credential, c.Issuer = w.OIDC, w.OIDC, w.OIDC.Issuer
	}
	w.Server = console.New(c)
	go func() { _ = w.Run(ctx) }()
	return w, nil
}

// Now is the world's time.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

// Pass lets time pass.
func (w *World) Pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// orderOf: every fourth user is disabled, every fourth cut off.
func orderOf(i int, user string, now events.Millis) (events.Message, bool) {
	m := events.Message{ID: fmt.Sprintf("order-%06d", i), Realm: Realm, At: now - 60_000, Received: now - 60_000, Source: events.Authapi}
	switch i % 4 {
	case 1:
		m.Body = &events.Order{Order: events.OrderStanding, By: "service:backend", User: user, Enabled: false, Reason: "left the company"}
	case 2:
		m.Body = &events.Order{Order: events.OrderRevoke, By: "service:backend", User: user, Before: now.Second(), Tokens: true, Keys: true, Reason: "laptop stolen"}
	default:
		return m, false
	}
	return m, true
}

// Key is a whole key of ours, for boxes that it must not leave.
func Key() (whole, id string) {
	p := apikey.Format(apikey.Entropy{ID: [8]byte{1}, Secret: [32]byte{2}})
	return p.Text().Reveal(), p.ID
}

// Handler serves the console, wherever it is reached.
func (w *World) Handler() http.Handler { return w.Server.Handler() }

// samples are a day; none with nobody, and one with one.
func samples(until time.Time, users int) (out []page.Sample) {
	n := 2880
	if users < 2 {
		n = users
	}
	for i := range n {
		x, at := float64(i), until.Add(time.Duration(i-n)*30*time.Second)
		s := page.Sample{At: at, Values: map[string]float64{
			"decisions/admitted": 40 + 10*math.Sin(x/60), "decisions/refused": 3, "refreshes/ok": 1 + math.Cos(x/90), "refreshes/skipped": x / 100,
			"latency/committed p50": 0.05, "latency/committed p99": 0.4, "latency/enforced p99": 0.6, "knowledge/age": 2 + math.Mod(x, 7),
		}}
		if i%10 == 0 {
			delete(s.Values, "latency/enforced p99")
		}
		out = append(out, s)
	}
	return out
}
