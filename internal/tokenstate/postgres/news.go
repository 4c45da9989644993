package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
)

// furthest is how many versions a reader may be behind: beyond that everything is read again, and memory is bounded.
const furthest = 100_000

// Faults of a feed that callers tell apart.
var (
	// ErrPruned: the feed no longer reaches back to the reader's version.
	ErrPruned = errors.New("feed is pruned beyond this version: load a snapshot")
	// ErrGap: a version is missing from the feed, which cannot happen in one history.
	ErrGap = errors.New("feed has a gap: load a snapshot and report the fault")
	// ErrAhead: the reader is ahead of the database, which was restored.
	ErrAhead = errors.New("feed is behind this version, the database was restored: load a snapshot")
	// ErrFar: the reader is so far behind that everything is sooner read again.
	ErrFar = errors.New("feed is far ahead of this version: load a snapshot")
)

// News is what a reader must know who stands at some version, of one state of the database.
type News struct {
	Status  Status
	Was     string // the nonce of the reader's own version
	Version int64  // where the database stands
	Nonce   string
	Changes []Change // all that changed meanwhile, as it is now
	Gap     error    // why the changes are not known
}

// News reads what has changed after a version: names first, and then what they name, of the same state.
func (s *Store) News(ctx context.Context, after int64, readings []Reading) (n News, err error) {
	p := dbsqlc.FeedSinceParams{After: max(after-1, 0), Until: after + furthest} // its own version as well
	err = s.view(ctx, func(v *view) error {
		var rows []dbsqlc.FeedSinceRow
		err := v.ask(ctx, false, append(statusQuestions(), Question{dbsqlc.FeedSince, []any{p.After, p.Until}}), func(db dbsqlc.DBTX) error {
			if n.Status, err = takeStatus(ctx, db); err != nil {
				return err
			}
			if rows, err = q.FeedSince(ctx, db, p); err != nil {
				return fmt.Errorf("read feed: %w", err)
			}
			return nil
		})
		if err != nil {
			return err
		}
		var changed names
		var questions []Question
		if changed, n.Gap = n.follow(rows, after); n.Gap == nil {
			questions, n.Gap = questionsOf(changed, readings)
		}
		if n.Gap != nil {
			changed = nil // the caller is told why; nothing is asked for any more
		}
		return v.ask(ctx, true, questions, func(db dbsqlc.DBTX) error { return n.take(ctx, db, changed, readings) })
	})
	return n, err
}

// follow goes over the versions from the reader's own to the last, and gives the names of what changed after it.
func (n *News) follow(rows []dbsqlc.FeedSinceRow, after int64) (names, error) {
	head, changed, next := rows[0], names{}, max(after, 1)
	switch {
	case max(after-1, 0) < head.Pruned:
		return nil, ErrPruned
	case after > head.Head:
		return nil, ErrAhead
	case head.Head-after > furthest:
		return nil, ErrFar
	}
	for _, r := range rows {
		if r.Version == nil {
			break
		}
		if *r.Version != next {
			return nil, ErrGap
		}
		n.Version, n.Nonce, next = *r.Version, *r.Nonce, *r.Version+1
		if *r.Version == after {
			n.Was = *r.Nonce
		} else if err := changed.unpack(r.Names); err != nil {
			return nil, fmt.Errorf("version %d of the feed: %w", n.Version, err)
		}
	}
	if n.Version != head.Head {
		return nil, ErrGap
	}
	changed.tidy()
	return changed, nil
}

// questionsOf asks for what is named, in the order of readings.
func questionsOf(changed names, readings []Reading) (all []Question, err error) {
	known := map[string]bool{}
	for _, r := range readings {
		known[r.Kind] = true
		if r.Ask == nil || len(changed[r.Kind]) == 0 {
			continue
		}
		question, err := r.Ask(changed[r.Kind])
		if err != nil {
			return nil, err
		}
		all = append(all, question)
	}
	for kind := range changed {
		if !known[kind] {
			return nil, fmt.Errorf("the feed names something of an unknown kind, %q", kind)
		}
	}
	return all, nil
}

// take takes the answers to questionsOf, after what was forgotten: of that something may be known again.
func (n *News) take(ctx context.Context, db dbsqlc.DBTX, changed names, readings []Reading) (err error) {
	if n.Gap == nil {
		n.Changes, n.Gap = changed.forgotten()
	}
	for _, r := range readings {
		if r.Ask == nil || len(changed[r.Kind]) == 0 {
			continue
		}
		found, err := r.Take(ctx, db)
		if err != nil {
			return err
		}
		cs, gap := r.changes(changed, found)
		n.Changes = append(n.Changes, cs...)
		if n.Gap == nil {
			n.Gap = gap
		}
	}
	return nil
}
