package backfill

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// reading is one pass over one realm.
type reading struct {
	b       *Backfill
	realm   string
	known   []string // realms that tokens or keys belong to
	from    events.Millis
	now     events.Millis // Keycloak's time at the first question
	finals  bool          // only what proves something by itself is brought
	missed  events.Millis
	brought int
	uuids   map[string]string // of clients, by client_id
	refused map[string]bool   // users of whom a REFRESH_TOKEN_ERROR has come

	users, admins witness
}

// run reads both stores. Of a realm that was never read, the past is told by looks: only what none
// of them can show is brought from it, and not days of everybody's logins.
func (r *reading) run(ctx context.Context) error {
	if r.from == 0 {
		r.finals = true
		if err := r.both(ctx, &witness{}, &witness{}); err != nil {
			return err
		}
		r.finals, r.from = false, r.now-events.Millis(r.b.Overlap.Milliseconds())
	}
	return r.both(ctx, &r.users, &r.admins)
}

func (r *reading) both(ctx context.Context, users, admins *witness) error {
	if slices.Contains(r.known, r.realm) {
		if err := r.pages(ctx, r.userRows, users); err != nil {
			return err
		}
	}
	return r.pages(ctx, r.adminRows, admins)
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
		return err
	}
	for _, w := range rows {
		young := events.Millis(w.at) > r.now-events.Millis(r.b.Grace.Milliseconds())
		if young || w.at < int64(r.from) || r.spared(w) || have[w.id+"/l"] || have[w.body.ID] {
			continue
		}
		if err := r.b.Log.Publish(ctx, w.body); err != nil {
			return fmt.Errorf("bring an event into the log: %w", err)
		}
		r.brought++
		if w.id != "" && !r.finals && !refusal(w) { // without ids (before 26.2) nobody can say whether a listener had it
			r.missed = max(r.missed, events.Millis(w.at))
		}
	}
	return nil
}

// spared need not be brought. Anybody who knows an old token can cause as many
// REFRESH_TOKEN_ERRORs as they like: the listener joins a user's, so that most have no copy of its
// own, and one of a reading raises the doubt that all of them raise.
func (r *reading) spared(w row) bool {
	if r.finals {
		return len(tokenstate.Learn(w.body).CutoffRows()) == 0
	}
	if !refusal(w) {
		return false
	}
	h, _ := w.body.Body.(*events.Happened)
	whose := cmp.Or(h.User, h.Session)
	spared := whose == "" || r.refused[whose]
	r.refused[whose] = true
	return spared
}

func refusal(w row) bool {
	h, ok := w.body.Body.(*events.Happened)
	return ok && h.Type == "REFRESH_TOKEN_ERROR"
}
