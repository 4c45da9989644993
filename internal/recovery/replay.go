package recovery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tokenstate/tokenstate/internal/ahead"
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
	for read, err := range ahead.Read(ctx, r.read, decodeAll) {
		if err != nil {
			return r.result, fmt.Errorf("replay stopped after %d messages, which are kept; the same command goes on from there: %w", r.result.Read, err)
		}
		if err := r.take(ctx, read); err != nil {
			return r.result, err
		}
		if err := r.save(ctx, false); err != nil {
			return r.result, err
		}
	}
	if err := r.save(ctx, true); err != nil {
		return r.result, err
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

// read runs beside what learns: it changes nothing of r.
func (r *replay) read(ctx context.Context) (items []Item, err error) {
	for len(items) < chunk {
		item, err := r.src.Next(ctx)
		if errors.Is(err, io.EOF) && len(items) > 0 {
			break // it will say so again
		}
		if err != nil {
			return nil, err
		}
		if item.Position > r.result.From {
			items = append(items, item)
		}
	}
	return items, nil
}

// said is an item with what it says, and its line; or why it cannot be read.
type said struct {
	Item

	m    events.Message
	line journal.Line
	err  error
}

func decodeAll(items []Item) ([]said, error) {
	all := make([]said, len(items))
	for i, it := range items {
		all[i].Item = it
		all[i].m, all[i].line, all[i].err = decode(it.Entry)
	}
	return all, nil
}

// take folds what was read. Where the journal has a copy of a message, that one is learnt: a second
// copy in the log arrived at another time, and might teach otherwise.
func (r *replay) take(ctx context.Context, all []said) error {
	has, err := r.known(ctx, all)
	if err != nil {
		return err
	}
	for _, one := range all {
		r.result.Read++
		r.position = one.Position
		if one.err != nil {
			r.result.Parked++
			r.parked = append(r.parked, worker.Park(one.Entry, one.err))
			continue
		}
		if err := r.learn(one, has); err != nil {
			return err
		}
	}
	r.unsaved += len(all)
	if r.o.Progress != nil {
		r.o.Progress(r.position)
	}
	return nil
}

// known are the journal's lines of what does not come from there itself.
func (r *replay) known(ctx context.Context, all []said) (map[string]journal.Line, error) {
	var ids []string
	for _, one := range all {
		if one.err == nil && !one.Own {
			ids = append(ids, one.line.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return r.store.JournalHas(ctx, ids)
}

func (r *replay) learn(one said, has map[string]journal.Line) error {
	m, line := one.m, one.line
	if _, twice := r.fresh[line.ID]; twice {
		return nil
	}
	kept, ok := has[line.ID]
	switch {
	case one.Own:
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
	if now.Facts.Equal(r.facts) {
		return r.result, nil // as a rule, and then no verdict differs
	}
	then := now
	then.Facts = r.facts // not a third state beside these two: each has all facts
	then.Facts.Add(now.Facts)
	r.result.Differences = Differences(now, then)
	added, _, other := compare(now.Facts, then.Facts)
	r.result.Changed = len(added) + len(other)
	return r.result, nil
}
