package worker

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrNoKeys is in a Keyed's error where this Keycloak, or the node that was asked, has no pages by key.
var ErrNoKeys = errors.New("no pages by key")

// Keyed asks for the rows that come after a key, not from a number of rows on. So no page is dearer
// than the first, and nobody is skipped when others go: whoever is there during a whole walk is shown.
type Keyed interface {
	SessionsAfter(ctx context.Context, realm, client, after string, limit int) (Page, error)
	UsersAfter(ctx context.Context, realm, after string, limit int) (Page, error)
}

// byKey reads pages of at most most rows until there is no next one. use takes each, and says after
// which key to go on and how many rows it would like then, 0 for as many as go; "" ends the walk.
// Keycloak rests as long as a page took it, as in walk.
func (p *Pages) byKey(ctx context.Context, realm, what string, most int,
	ask func(ctx context.Context, after string, limit int) (Page, error),
	use func(Page) (next string, limit int, err error),
) (err error) {
	if p.Keys == nil {
		return ErrNoKeys
	}
	defer func() { p.keyed.Store(!errors.Is(err, ErrNoKeys)) }()
	after, limit, faults, pages, rows := "", most, 0, 0, 0
	began := time.Now()
	said := began
	for {
		asked := time.Now()
		page, err := page(ctx, after, limit, ask)
		took := time.Since(asked)
		if err != nil {
			if faults++; faults > maxFaults || errors.Is(err, ErrNoKeys) || errors.Is(err, ErrNoSuch) || ctx.Err() != nil {
				return fmt.Errorf("list %s by key, from page %d on: %w", what, pages+1, err)
			}
			most = max(limit/2, leastPage) // it may have been too long
			limit = most
			p.restAfter(ctx, faults)
			continue
		}
		next, wish, err := use(page)
		if err != nil {
			return err
		}
		faults, pages, rows = 0, pages+1, rows+page.Rows
		done := next == ""
		if done || time.Since(said) > progress {
			said = time.Now()
			p.Logger.Info().Str("realm", realm).Str("list", what).Int("pages", pages).Int("rows", rows).
				Dur("took", time.Since(began)).Bool("by_key", true).Bool("done", done).Msg("listing")
		}
		if done {
			return nil
		}
		most = nextLimit(most, took)
		if after, limit = next, most; wish > 0 {
			limit = min(wish, most)
		}
		p.rest(ctx, took)
	}
}
