package recovery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// Sizes of a replay: of one question to the journal, and of one transaction.
const (
	chunk = 1000
	flush = 20_000
)

// Options of a replay.
type Options struct {
	DryRun   bool
	Progress func(position uint64) // may be nil
}

// Result is what a replay did, or would do.
type Result struct {
	From    uint64 // position that an interrupted replay of the same source had reached
	Read    int    // messages
	Parked  int    // of them could not be read
	Changed int    // facts
	// Differences are the verdicts that a dry run would change.
	Differences []Difference
}

// Replay learns everything that src holds once more. What is known already changes nothing,
// and an interrupted replay goes on where its last commit was.
func Replay(ctx context.Context, src Source, st Store, o Options) (Result, error) {
	r := &replay{src: src, store: st, o: o, facts: tokenstate.NewFacts(), fresh: map[string]journal.Line{}}
	if !o.DryRun {
		at, err := st.ReplayAt(ctx, src.Name())
		if err != nil {
			return Result{}, err
		}
		r.result.From = at
	}
	for done := false; !done; {
		items, err := r.read(ctx)
		if done = errors.Is(err, io.EOF); err != nil && !done {
			return r.result, fmt.Errorf("replay stopped after %d messages, which are kept; the same command goes on from there: %w", r.result.Read, err)
		}
		if err := r.take(ctx, items); err != nil {
			return r.result, err
		}
		if err := r.save(ctx, done); err != nil {
			return r.result, err
		}
	}
	return r.finish(ctx)
}

type replay struct {
	src    Source
	store  Store
	o      Options
	result Result

	facts    tokenstate.Facts
	lines    []journal.Line
	fresh    map[string]journal.Line // of lines, by id: the first copy counts
	parked   []journal.Parked
	erase    []tokenstate.Erasure
	position uint64
	unsaved  int
}

func (r *replay) read(ctx context.Context) (items []Item, err error) {
	for len(items) < chunk {
		item, err := r.src.Next(ctx)
		if err != nil {
			return items, err
		}
		if item.Position > r.result.From {
			items = append(items, item)
		}
	}
	return items, nil
}

// take folds items. Where the journal has a copy of a message, that one is learnt: a second
// copy in the log arrived at another time, and might teach otherwise.
func (r *replay) take(ctx context.Context, items []Item) error {
	var read []said
	var ids []string
	for _, it := range items {
		r.result.Read++
		r.position = it.Position
		m, line, err := decode(it.Entry)
		if err != nil {
			r.result.Parked++
			r.parked = append(r.parked, worker.Park(it.Entry, err))
			continue
		}
		read, ids = append(read, said{m, line}), append(ids, line.ID)
	}
	r.unsaved += len(items)
	has, err := r.store.JournalHas(ctx, ids)
	if err != nil {
		return err
	}
	for _, one := range read {
		if err := r.learn(one, has); err != nil {
			return err
		}
	}
	if r.o.Progress != nil {
		r.o.Progress(r.position)
	}
	return nil
}

// said is a message and its line.
type said struct {
	m    events.Message
	line journal.Line
}

func (r *replay) learn(one said, has map[string]journal.Line) error {
	m, line := one.m, one.line
	if _, twice := r.fresh[line.ID]; twice {
		return nil
	}
	kept, ok := has[line.ID]
	switch {
	case !ok:
		r.fresh[line.ID] = line
		r.lines = append(r.lines, line)
	case kept.Received != line.Received || !bytes.Equal(kept.Raw, line.Raw):
		var err error
		if m, err = events.Decode(kept.Raw); err != nil {
			return fmt.Errorf("message %s of the journal: %w", line.ID, err)
		}
		m.Received = kept.Received
	}
	r.facts.Learn(m)
	if o, ok := m.Body.(*events.Order); ok && o.Order == events.OrderErase {
		r.erase = append(r.erase, tokenstate.Erasure{User: tokenstate.Scope{Realm: m.Realm, User: o.User}, Order: m.ID})
	}
	return nil
}

func (r *replay) save(ctx context.Context, last bool) error {
	if r.o.DryRun || r.unsaved == 0 || r.unsaved < flush && !last {
		return nil
	}
	n, err := r.store.Relearn(ctx, Learnt{
		Journal: r.lines, Facts: r.facts, Parked: r.parked, Erase: r.erase, Source: r.src.Name(), Position: r.position,
	})
	if err != nil {
		return err
	}
	r.result.Changed += n
	r.facts, r.lines, r.parked, r.erase, r.unsaved = tokenstate.NewFacts(), nil, nil, nil, 0
	clear(r.fresh)
	return nil
}

func (r *replay) finish(ctx context.Context) (Result, error) {
	if !r.o.DryRun {
		return r.result, r.store.EndReplay(ctx, r.src.Name())
	}
	now, err := r.store.State(ctx)
	if err != nil {
		return r.result, err
	}
	then := now
	then.Facts = r.facts // not a third state beside these two: each has all facts
	then.Facts.Add(now.Facts)
	r.result.Differences = Differences(now, then)
	added, _, other := compare(now.Facts, then.Facts)
	r.result.Changed = len(added) + len(other)
	return r.result, nil
}
