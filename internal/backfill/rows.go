package backfill

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/events"
)

// row is what both stores have in common.
type row struct {
	id   string // Keycloak's own; "" where its version hides it
	at   int64
	body events.Message
}

func (r *reading) userRows(ctx context.Context, p Page) (f batch, err error) {
	p.Types = userTypes
	if r.finals {
		p.Types = finalUserTypes
	}
	page, err := r.b.Archive.UserEvents(ctx, r.realm, p)
	if err != nil {
		return f, err
	}
	f = batch{now: page.Now, newestFirst: page.NewestFirst}
	for _, e := range page.Rows {
		id := r.id(e.ID, e)
		f.last, f.ids = e.Time, append(f.ids, id)
		h := userEvent(e)
		if h == nil {
			continue
		}
		if h.Client, err = r.uuid(ctx, h.ClientID); err != nil {
			return f, err
		}
		f.rows = append(f.rows, message(e.ID, id, e.Time, r.realm, h))
	}
	return f, nil
}

func (r *reading) adminRows(ctx context.Context, p Page) (f batch, err error) {
	if r.finals {
		p.Types = finalResources
	}
	page, err := r.b.Archive.AdminEvents(ctx, r.realm, p)
	if err != nil {
		return f, err
	}
	f = batch{now: page.Now, newestFirst: page.NewestFirst}
	for _, e := range page.Rows {
		id := r.id(e.ID, e)
		f.last, f.ids = e.Time, append(f.ids, id)
		realm, h := adminEvent(e, r.realm)
		if h != nil && slices.Contains(r.known, realm) {
			f.rows = append(f.rows, message(e.ID, id, e.Time, realm, h))
		}
	}
	return f, nil
}

// id is the one that an event always has: Keycloak's, or one made of all that the row says.
func (r *reading) id(own string, all any) string {
	if own != "" {
		return own
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "%s %+v", r.realm, all)).String()
}

// message names no server version: the row may have been written before an upgrade, and what is not
// known raises the wider doubt.
func message(own, id string, at int64, realm string, h *events.Happened) row {
	h.Event = id
	return row{own, at, events.Message{ID: id + "/b", Realm: realm, At: events.Millis(at), Source: events.Backfill, Body: h}}
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
	return found, err
}
