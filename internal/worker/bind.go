package worker

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/tokenstate/tokenstate/internal/projection"
)

// bindClients finds the UUIDs of clients that tokens name by client_id only. It comes after the
// looks and takes a part of their rate: clients that are gone for good are never found.
func (l *Looker) bindClients(ctx context.Context, limit *rate.Limiter) {
	for _, u := range l.unbound(time.Now()) {
		if limit.Wait(ctx) != nil {
			return
		}
		err := l.bind(ctx, u)
		if err != nil && ctx.Err() == nil {
			l.complain(err, "a client was not found by its client_id; it is tried again")
		}
		if errors.Is(err, ErrAway) {
			return
		}
	}
}

// unbound are the clients whose turn it is: first the newest that nobody has asked for, then those
// that have waited longest.
func (l *Looker) unbound(now time.Time) (whose []projection.Unbound) {
	turns := map[projection.Unbound]turn{}
	for _, u := range l.Known.UnboundClients() {
		t, known := l.binds[u]
		if !known {
			t = turn{since: now, pause: l.Interval}
		}
		if turns[u] = t; !now.Before(t.next) {
			whose = append(whose, u)
		}
	}
	slices.SortStableFunc(whose, func(a, b projection.Unbound) int {
		return cmp.Or(turns[a].next.Compare(turns[b].next), turns[b].since.Compare(turns[a].since))
	})
	whose = whose[:min(len(whose), max(l.Rate/2, 1))]
	for _, u := range whose {
		t := turns[u]
		t.pause = min(2*t.pause, maxBindWait)
		t.next = now.Add(t.pause)
		turns[u] = t
	}
	l.binds = turns
	return whose
}

// bind publishes what it saw first: until the client's state is known, its tokens are judged
// without it.
func (l *Looker) bind(ctx context.Context, u projection.Unbound) error {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	m, uuid, err := l.Ask.LookNamed(ctx, u.Realm, u.ClientID)
	if err != nil || uuid == "" { // "": no client is called that any more
		return err
	}
	if err := l.Log.Publish(ctx, m); err != nil {
		return err
	}
	_, err = l.Bind.BindClient(ctx, u.Realm, u.ClientID, uuid)
	return err
}
