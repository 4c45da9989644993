package worker

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Bounds of a listing. Keycloak serves one page at a time and rests as long as a page took it, so
// that half of one of its threads is the most that a listing costs.
const (
	firstPage = 100 // rows
	leastPage = 20
	mostPage  = 1000
	fastPage  = time.Second // the next page may be twice as long
	slowPage  = 3 * time.Second
	pageLimit = 30 * time.Second
	maxFaults = 6 // in a row, of one page
	progress  = 15 * time.Second
)

// ErrNotNow is in a Pager's error where a page must not be asked for, and waiting for some seconds would not change that.
var ErrNotNow = errors.New("not to be listed now")

// ErrNoSuch is in a Pager's error when what is to be listed does not exist.
var ErrNoSuch = errors.New("not there")

// Page is one page of a listing: who was there when it was read. It shows no absence.
type Page struct {
	At       events.Millis
	Node     string // that answered; "": nobody's
	Rows     int    // as Keycloak sent them
	Mark     string // the first row's id
	Next     string // of a page by key: where the next one begins; "": this is the last
	Sessions []events.ClientSession
	Users    []events.UserSeen
}

// Pager asks Keycloak for pages.
type Pager interface {
	Sessions(ctx context.Context, realm, client string, first, limit int) (Page, error)
	Users(ctx context.Context, realm string, first, limit int, disabled bool) (Page, error)
}

// Listed is the read model of who matters.
type Listed interface {
	ClientsIn(realm string) []string
	Holds(realm, user string) bool
	// PageTells is tokenstate.PageTells.
	PageTells(realm, user string, p tokenstate.PageUser, at events.Millis) (tell, ask bool)
}

// Pages publishes what the pages of a realm's listings show of those who matter: a million tokens
// cost Keycloak some thousand requests instead of some million.
type Pages struct {
	Known Listed
	Ask   Pager
	Keys  Keyed // where Keycloak's jar offers them; nil: nowhere
	Log   Publisher
	// Suspect is told of users whom only a look can tell about; nil: nobody is.
	Suspect func(tokenstate.Scope)
	Logger  zerolog.Logger
	Rest    func(ctx context.Context, d time.Duration) // nil: really

	keyed   atomic.Bool  // the last walk was by key
	failing atomic.Int32 // walks that rest after a fault
}

// List reads the sessions of each client of a realm, and its users; closed: only who is disabled.
// A fault ends it: whoever was not shown is looked at by themselves.
func (p *Pages) List(ctx context.Context, realm string, closed bool) error {
	if !closed {
		for _, client := range p.Known.ClientsIn(realm) {
			err := p.sessions(ctx, realm, client)
			if err != nil && !errors.Is(err, ErrNoSuch) { // a client may be gone: a look says so
				return err
			}
		}
	}
	return p.users(ctx, realm, closed)
}

func (p *Pages) sessions(ctx context.Context, realm, client string) error {
	err := p.byKey(ctx, realm, "sessions", mostPage, func(ctx context.Context, after string, limit int) (Page, error) {
		return p.Keys.SessionsAfter(ctx, realm, client, after, limit)
	}, func(page Page) (string, int, error) { return page.Next, 0, p.publish(ctx, realm, client, page) })
	if !errors.Is(err, ErrNoKeys) {
		return err
	}
	return p.walk(ctx, realm, "sessions", client, func(ctx context.Context, first, limit int) (Page, error) {
		return p.Ask.Sessions(ctx, realm, client, first, limit)
	})
}

// users by key are all, whoever is meant: the resource knows no listing of the disabled alone.
func (p *Pages) users(ctx context.Context, realm string, closed bool) error {
	err := p.byKey(ctx, realm, "users", mostPage, func(ctx context.Context, after string, limit int) (Page, error) {
		return p.Keys.UsersAfter(ctx, realm, after, limit)
	}, func(page Page) (string, int, error) { return page.Next, 0, p.publish(ctx, realm, "", page) })
	if !errors.Is(err, ErrNoKeys) {
		return err
	}
	return p.walk(ctx, realm, "users", "", func(ctx context.Context, first, limit int) (Page, error) {
		return p.Ask.Users(ctx, realm, first, limit, closed)
	})
}

// walk ends at an empty page: a short one may only lack what Keycloak left out. Pages overlap, so
// that what moves up when others go is shown by the next page.
func (p *Pages) walk(ctx context.Context, realm, what, client string, ask func(ctx context.Context, first, limit int) (Page, error)) error {
	limit, faults, pages, rows, mark := firstPage, 0, 0, 0, ""
	began := time.Now()
	said := began
	for first := 0; ; {
		asked := time.Now()
		page, err := page(ctx, first, limit, ask)
		took := time.Since(asked)
		if err != nil {
			if faults++; faults > maxFaults || errors.Is(err, ErrNoSuch) || errors.Is(err, ErrNotNow) || ctx.Err() != nil {
				return fmt.Errorf("list %s from row %d on: %w", what, first, err)
			}
			limit = max(limit/2, leastPage) // it may have been too long
			p.restAfter(ctx, faults)
			continue
		}
		if page.Rows > 0 && page.Mark == mark {
			return fmt.Errorf("list %s from row %d on: the same page came again", what, first)
		}
		if err := p.publish(ctx, realm, client, page); err != nil {
			return err
		}
		faults, mark, pages, rows = 0, page.Mark, pages+1, rows+page.Rows
		if page.Rows == 0 || time.Since(said) > progress {
			said = time.Now()
			p.Logger.Info().Str("realm", realm).Str("list", what).Int("pages", pages).Int("rows", rows).
				Dur("took", time.Since(began)).Bool("done", page.Rows == 0).Msg("listing")
		}
		if page.Rows == 0 {
			return nil
		}
		first += limit - limit/20
		limit = nextLimit(limit, took)
		p.rest(ctx, took)
	}
}

func nextLimit(limit int, took time.Duration) int {
	switch {
	case took < fastPage:
		return min(2*limit, mostPage)
	case took > slowPage:
		return max(limit/2, leastPage)
	}
	return limit
}

// page asks for one from a row on, or after a key.
func page[From int | string](ctx context.Context, from From, limit int,
	ask func(ctx context.Context, from From, limit int) (Page, error),
) (Page, error) {
	ctx, cancel := context.WithTimeout(ctx, pageLimit)
	defer cancel()
	return ask(ctx, from, limit)
}

// restAfter rests after faults in a row, ever longer: two minutes in all. Nobody is to wait for the listing meanwhile.
func (p *Pages) restAfter(ctx context.Context, faults int) {
	p.failing.Add(1)
	defer p.failing.Add(-1)
	p.rest(ctx, time.Second<<faults)
}

func (p *Pages) rest(ctx context.Context, d time.Duration) {
	if p.Rest != nil {
		p.Rest(ctx, d)
		return
	}
	_ = pause.For(ctx, d)
}
