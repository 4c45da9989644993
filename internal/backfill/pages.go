package backfill

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/events"
)

// batch is what a page held.
type batch struct {
	rows        []row    // that concern us
	ids         []string // of all, in their order
	last        int64    // time of the last
	now         events.Millis
	newestFirst bool
}

type ask func(ctx context.Context, p Page) (batch, error)

// pages asks on from the last row's time, since rows have no cursor and more of them may come:
// offsets are used only inside one millisecond. Where the newest come first, they are used
// throughout: rows that come meanwhile move the others on, so that some are seen twice.
func (r *reading) pages(ctx context.Context, ask ask, seen *witness) error {
	p := Page{From: int64(r.from), Max: pageSize}
	for {
		f, err := ask(ctx, p)
		if err != nil {
			return err
		}
		if r.now == 0 || f.now < r.now {
			r.now = f.now
		}
		seen.page(f, p)
		if err := r.bring(ctx, f.rows); err != nil {
			return err
		}
		switch {
		case len(f.ids) < p.Max, f.newestFirst && f.last < p.From:
			return nil
		case f.newestFirst, f.last == p.From:
			p.First += len(f.ids)
		default:
			p.From, p.First = f.last, 0
		}
	}
}
