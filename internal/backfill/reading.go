package backfill

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/events"
)

// reading is one pass over one realm.
type reading struct {
	b       *Backfill
	realm   string
	known   []string // realms that tokens or keys belong to
	from    events.Millis
	now     events.Millis // Keycloak's time at the first question
	missed  events.Millis
	brought int
	uuids   map[string]string // of clients, by client_id
}

// row is what both stores have in common.
type row struct {
	id   string // Keycloak's own; "" where its version hides it
	at   int64
	body events.Message
}

func (r *reading) run(ctx context.Context) error {
	if slices.Contains(r.known, r.realm) {
		if err := r.pages(ctx, r.users); err != nil {
			return err
		}
	}
	return r.pages(ctx, r.admins)
}

// batch is what a page held.
type batch struct {
	rows        []row // that concern us
	n           int   // in all
	last        int64 // time of the last
	now         events.Millis
	newestFirst bool
}

type ask func(ctx context.Context, p Page) (batch, error)

// pages asks on from the last row's time, since rows have no cursor and more of them may come:
// offsets are used only inside one millisecond. Where the newest come first, they are used
// throughout: rows that come meanwhile move the others on, so that some are seen twice.
func (r *reading) pages(ctx context.Context, ask ask) error {
	p := Page{From: int64(r.from), Max: pageSize}
	for {
		f, err := ask(ctx, p)
		if err != nil {
			return err
		}
		if r.now == 0 || f.now < r.now {
			r.now = f.now
		}
		if err := r.bring(ctx, f.rows); err != nil {
			return err
		}
		switch {
		case f.n < p.Max, f.newestFirst && f.last < p.From:
			return nil
		case f.newestFirst, f.last == p.From:
			p.First += f.n
		default:
			p.From, p.First = f.last, 0
		}
	}
}

// bring publishes those rows that the journal has by no path. The youngest are left to their
// listener: the overlap shows them again.
func (r *reading) bring(ctx context.Context, rows []row) error {
	var ids []string
	for _, w := range rows {
		ids = append(ids, w.id+"/l", w.body.ID) // "/l" alone is nobody's
	}
	have, err := r.b.Journal.HaveEvents(ctx, ids)
	if err != nil {
		return err //nolint:wrapcheck // the journal says what failed
	}
	for _, w := range rows {
		young := events.Millis(w.at) > r.now-events.Millis(r.b.Grace.Milliseconds())
		if have[w.id+"/l"] || have[w.body.ID] || young || w.at < int64(r.from) {
			continue
		}
		if err := r.b.Log.Publish(ctx, w.body); err != nil {
			return fmt.Errorf("bring an event into the log: %w", err)
		}
		r.brought++
		if w.id != "" { // without ids (before 26.2) nobody can say whether a listener had it
			r.missed = max(r.missed, events.Millis(w.at))
		}
	}
	return nil
}

func (r *reading) users(ctx context.Context, p Page) (f batch, err error) {
	p.Types = userTypes
	page, err := r.b.Archive.UserEvents(ctx, r.realm, p)
	if err != nil {
		return f, err //nolint:wrapcheck // the archive says what failed
	}
	f = batch{n: len(page.Rows), now: page.Now, newestFirst: page.NewestFirst}
	for _, e := range page.Rows {
		f.last = e.Time
		h := userEvent(e)
		if h == nil {
			continue
		}
		if h.Client, err = r.uuid(ctx, h.ClientID); err != nil {
			return f, err
		}
		f.rows = append(f.rows, r.row(e.ID, e.Time, r.realm, h, e))
	}
	return f, nil
}

func (r *reading) admins(ctx context.Context, p Page) (f batch, err error) {
	page, err := r.b.Archive.AdminEvents(ctx, r.realm, p)
	if err != nil {
		return f, err //nolint:wrapcheck // the archive says what failed
	}
	f = batch{n: len(page.Rows), now: page.Now, newestFirst: page.NewestFirst}
	for _, e := range page.Rows {
		f.last = e.Time
		realm, h := adminEvent(e, r.realm)
		if h != nil && slices.Contains(r.known, realm) {
			f.rows = append(f.rows, r.row(e.ID, e.Time, realm, h, e))
		}
	}
	return f, nil
}

// row gives an event the id that it always has: Keycloak's, or one made of all that it says. It
// names no server version: the row may have been written before an upgrade, and what is not known
// raises the wider doubt.
func (r *reading) row(id string, at int64, realm string, h *events.Happened, all any) row {
	h.Event = id
	if id == "" {
		h.Event = uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "%s %+v", r.realm, all)).String()
	}
	return row{id, at, events.Message{ID: h.Event + "/b", Realm: realm, At: events.Millis(at), Source: events.Backfill, Body: h}}
}

func (r *reading) uuid(ctx context.Context, clientID string) (string, error) {
	if clientID == "" {
		return "", nil
	}
	if known, ok := r.uuids[clientID]; ok {
		return known, nil
	}
	found, err := r.b.Archive.ClientUUID(ctx, r.realm, clientID)
	if err == nil {
		r.uuids[clientID] = found
	}
	return found, err //nolint:wrapcheck // the archive says what failed
}
