package backfill

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
)

// A row that is not there any more says nothing, so its absence must be noticed by other signs: the
// store keeps rows for a shorter time than nobody has read them, or a row that was read is gone
// although it is young (somebody has emptied the store, or the realm was made anew).

// mark is the newest row of a store that a reading saw.
type mark struct {
	id string
	at int64
}

// witness follows one store of one realm through a reading.
type witness struct {
	before   mark // of the last reading; none: nothing to compare with
	newest   mark
	met      bool   // before was seen again
	tail     string // the last row of the page before, which the next one shows again
	vanished bool
}

func (w *witness) page(f batch, p Page) {
	if slices.Contains(f.ids, w.before.id) {
		w.met = true
	}
	if w.tail != "" && p.First == 0 && !f.newestFirst && !slices.Contains(f.ids, w.tail) {
		w.vanished = true
	}
	if len(f.ids) == 0 {
		return
	}
	w.tail = f.ids[len(f.ids)-1]
	switch {
	case !f.newestFirst:
		w.newest = mark{w.tail, f.last}
	case w.newest.id == "":
		w.newest = mark{f.ids[0], f.last} // not later than its own time
	}
}

// lost: rows that were read are gone, so others may have gone unread.
func (w *witness) lost(from events.Millis) bool {
	return w.vanished || w.before.id != "" && w.before.at >= int64(from) && !w.met
}

// mayLack says in which way rows may have gone from the store before anybody read them; "" if they
// have not.
func (r *reading) mayLack(ctx context.Context, since events.Millis) (string, error) {
	if r.users.lost(r.from) || r.admins.lost(r.from) {
		return "rows that were read a moment ago are gone: the store was emptied", nil
	}
	gap := time.Duration(r.now-since) * time.Millisecond
	if since == 0 || gap <= 2*(r.b.Overlap+r.b.Interval) {
		return "", nil
	}
	users, admins, err := r.b.Archive.Kept(ctx, r.realm)
	if err != nil {
		return "", err
	}
	if users > 0 && gap > users && slices.Contains(r.known, r.realm) || admins > 0 && gap > admins {
		return "the store was not read for longer than it keeps rows", nil
	}
	return "", nil
}

// report says of each realm that is concerned that something may be missing: what happens in the
// administrators' realm may be the deletion of any.
func (r *reading) report(ctx context.Context, since events.Millis, why string) error {
	r.b.Logger.Error().Str("realm", r.realm).Time("since", since.Time()).Str("reason", why).
		Msg("the event store lost rows that nobody had read; all tokens are in doubt until looked at")
	if r.b.Lost == nil {
		return nil
	}
	about := []string{r.realm}
	if !slices.Contains(r.known, r.realm) {
		about = r.known
	}
	var faults []error
	for _, realm := range about {
		faults = append(faults, r.b.Lost(ctx, realm, since))
	}
	return errors.Join(faults...)
}
