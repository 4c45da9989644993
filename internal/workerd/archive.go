package workerd

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/asking"
	"github.com/tokenstate/tokenstate/internal/backfill"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
)

// archive joins keycloak.Admin to backfill.Archive.
type archive struct {
	admin   *keycloak.Admin
	aliases workerconfig.Aliases
}

func (a archive) UserEvents(ctx context.Context, realm string, p backfill.Page) (backfill.Answer[backfill.UserEvent], error) {
	page, err := a.admin.UserEvents(ctx, realm, query(p))
	if err != nil {
		return backfill.Answer[backfill.UserEvent]{}, asking.Fault(err)
	}
	rows := make([]backfill.UserEvent, len(page.Rows))
	for i, r := range page.Rows {
		rows[i] = backfill.UserEvent(r)
	}
	return backfill.Answer[backfill.UserEvent]{Rows: rows, Now: events.Millis(page.At.UnixMilli()), NewestFirst: page.NewestFirst}, nil
}

func (a archive) AdminEvents(ctx context.Context, realm string, p backfill.Page) (backfill.Answer[backfill.AdminEvent], error) {
	page, err := a.admin.AdminEvents(ctx, realm, query(p))
	if err != nil {
		return backfill.Answer[backfill.AdminEvent]{}, asking.Fault(err)
	}
	rows := make([]backfill.AdminEvent, len(page.Rows))
	for i, r := range page.Rows {
		rows[i] = backfill.AdminEvent(r)
		if r.ResourceType == "REALM" {
			rows[i].ResourcePath = a.aliases.Of(r.ResourcePath)
		}
	}
	return backfill.Answer[backfill.AdminEvent]{Rows: rows, Now: events.Millis(page.At.UnixMilli()), NewestFirst: page.NewestFirst}, nil
}

func (a archive) ClientUUID(ctx context.Context, realm, clientID string) (string, error) {
	c, err := a.admin.LookClientNamed(ctx, realm, clientID)
	if err != nil || c.Gone {
		return "", asking.Fault(err)
	}
	return c.Client.UUID, nil
}

func (a archive) Kept(ctx context.Context, realm string) (users, admins time.Duration, err error) {
	e, err := a.admin.EventSettings(ctx, realm)
	if err != nil {
		return 0, 0, asking.Fault(err)
	}
	return e.UserExpiry, e.AdminExpiry, nil
}

func query(p backfill.Page) keycloak.EventQuery {
	return keycloak.EventQuery{From: p.From, Types: p.Types, First: p.First, Max: p.Max}
}

// archived joins postgres.Store to backfill.Journal.
type archived struct{ *postgres.Store }

func (s archived) Backfills(ctx context.Context) (map[string]backfill.State, error) {
	rows, err := s.Store.Backfills(ctx)
	out := make(map[string]backfill.State, len(rows))
	for _, r := range rows {
		out[r.Realm] = backfill.State{Upto: r.Upto, Missed: r.Missed, Known: r.Known}
	}
	return out, err
}

func (s archived) PutBackfill(ctx context.Context, realm string, st backfill.State) error {
	return s.Store.PutBackfill(ctx, postgres.Backfill{Realm: realm, Upto: st.Upto, Missed: st.Missed, Known: st.Known})
}
