package worker

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
)

// cutLog is a log that has lost its first messages, or the one that is asked for.
type cutLog struct {
	*memLog
	first   uint64
	missing bool
}

func (l cutLog) Info(ctx context.Context) (journal.Extent, error) {
	i, err := l.memLog.Info(ctx)
	i.First = l.first
	return i, err
}

func (l cutLog) At(ctx context.Context, seq uint64) ([]byte, error) {
	if l.missing {
		return nil, journal.ErrMissing
	}
	return l.memLog.At(ctx, seq)
}

// Ensure every way in which a log is not the one that was read, or lacks a part, is a loss, and nothing else is.
func TestWhereReadingBegins(t *testing.T) {
	log := logOf(t, pardons(7)...)
	at := func(seq uint64) journal.Floor {
		return journal.Floor{Stream: "T", Created: log.created, Seq: seq, Digest: digest(log.entries[min(seq, 7)-1].Raw)}
	}
	with := func(f journal.Floor, change func(*journal.Floor)) journal.Floor { change(&f); return f }
	for name, c := range map[string]struct {
		floor   journal.Floor
		first   uint64
		missing bool
		gap     *journal.GapError
		loss    bool
		after   uint64
	}{
		"nothing is read yet":            {journal.Floor{}, 1, false, nil, false, 0},
		"and the first are lost":         {journal.Floor{}, 5, false, nil, true, 4},
		"it goes on":                     {at(2), 1, false, nil, false, 2},
		"the floor's own has expired":    {at(2), 3, true, nil, false, 2},
		"what comes next has expired":    {at(2), 4, true, nil, true, 3},
		"all is read":                    {at(7), 1, false, nil, false, 7},
		"it ends before the floor":       {at(9), 1, false, nil, true, 0},
		"another name":                   {with(at(2), func(f *journal.Floor) { f.Stream = "U" }), 1, false, nil, true, 0},
		"made anew":                      {with(at(2), func(f *journal.Floor) { f.Created = f.Created.Add(time.Second) }), 1, false, nil, true, 0},
		"another message at the floor":   {with(at(2), func(f *journal.Floor) { f.Digest = "other" }), 1, false, nil, true, 0},
		"a gap that has been told":       {at(2), 1, false, &journal.GapError{Want: 3, Got: 6}, false, 5},
		"a gap that was told of earlier": {at(4), 1, false, &journal.GapError{Want: 3, Got: 6}, false, 4},
	} {
		w := &Worker{Log: cutLog{log, c.first, c.missing}, Store: &memStore{floor: c.floor}, Epochs: &memStore{}, Logger: zerolog.Nop(), gap: c.gap}
		s, err := w.locate(t.Context())
		if err != nil || (s.loss != nil) != c.loss || s.after != c.after {
			t.Errorf("%s: after %d, loss %+v, %v", name, s.after, s.loss, err)
		}
	}
}

// gapLog lacks one message in its middle, which a reader notices when it comes there.
type gapLog struct {
	*memLog
	lost uint64
}

func (l gapLog) Read(_ context.Context, floor uint64) (journal.Reader, error) {
	return &gapReader{memReader{l.entries[floor:]}, l.lost}, nil
}

type gapReader struct {
	memReader
	lost uint64
}

func (r *gapReader) Next(ctx context.Context) (journal.Entry, error) {
	e, err := r.memReader.Next(ctx)
	if err == nil && e.Seq == r.lost {
		return journal.Entry{}, &journal.GapError{Want: e.Seq, Got: e.Seq + 1}
	}
	return e, err
}

// Ensure a gap is made up for, once, and what lies behind it is read.
func TestAGapIsALossAndIsPassedOver(t *testing.T) {
	l, s := logOf(t, pardons(7)...), &memStore{}
	if losses := runOn(t, gapLog{l, 3}, l, s); len(losses) != 1 || s.journal != 6 {
		t.Fatalf("losses %v, journal %d", losses, s.journal)
	}
}

// Ensure readers are told that the log is applied only when it is, all of it.
func TestNobodyIsToldBeforeTheWholeLogIsApplied(t *testing.T) {
	for seq, want := range map[uint64]bool{0: false, 6: false, 7: true, 8: true} {
		s := &memStore{}
		w := &Worker{Epochs: s}
		if got, err := w.confirm(t.Context(), start{info: journal.Extent{Last: 7}}, seq); err != nil || got != want || (s.confirmed == 1) != want {
			t.Errorf("at %d of 7: confirmed %v %d, %v", seq, got, s.confirmed, err)
		}
	}
}

// Ensure only a mark that the worker left before this session, beyond what the database has, proves a restore.
func TestWhatAMarkProves(t *testing.T) {
	for name, c := range map[string]struct {
		seq, floor uint64
		source     events.Source
		s          start
		want       bool
	}{
		"beyond the floor":          {5, 9, events.Worker, start{}, true},
		"at the floor":              {5, 4, events.Worker, start{}, false},
		"of a rival in our session": {8, 9, events.Worker, start{}, false},
		"after a loss":              {5, 9, events.Worker, start{loss: &Loss{}}, false},
		"of somebody else":          {5, 9, events.Operator, start{}, false},
		"told already":              {5, 9, events.Worker, start{told: true}, false},
	} {
		c.s.info, c.s.floor = journal.Extent{Last: 7}, journal.Floor{Seq: 4}
		m := events.Message{ID: "mark-00001", Realm: "_", At: 1, Source: c.source, Body: &events.Mark{Epoch: "epoch-0001", Floor: c.floor, FeedVersion: 1}}
		raw, err := events.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		b := newBatch(c.s.floor)
		if b.add(c.s, journal.Entry{Seq: c.seq, Subject: events.Subject(m), Raw: raw}); b.restored != c.want {
			t.Errorf("%s: %v", name, b.restored)
		}
	}
}

// Ensure an erasure in the log is one in the batch.
func TestAnErasureIsInTheBatch(t *testing.T) {
	m := events.Message{ID: "an-order", Realm: "demo", At: 1, Source: events.Operator, Body: &events.Order{Order: events.OrderErase, User: "u", By: "b", Reason: "r"}}
	raw, err := events.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	b := newBatch(journal.Floor{})
	if b.add(start{}, journal.Entry{Seq: 1, Subject: events.Subject(m), Raw: raw}); len(b.Erase) != 1 || b.Erase[0].Order != m.ID || len(b.Parked) > 0 {
		t.Fatalf("%+v", b)
	}
}

// movingFloor is a store that another worker writes to until a time.
type movingFloor struct {
	*memStore
	until time.Time
}

func (s movingFloor) Floor(context.Context) (journal.Floor, error) {
	at := min(time.Now().UnixNano(), s.until.UnixNano())
	return journal.Floor{Seq: uint64(at), Digest: fmt.Sprint(at)}, nil
}

// Ensure a standby does not act while another worker's floor moves, and does when it stands still.
func TestAStandbyWaitsUntilTheFloorStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := &Worker{Store: movingFloor{&memStore{}, began.Add(time.Minute)}, Wait: 5 * time.Second, Logger: zerolog.Nop()}
		w.standby(t.Context())
		if waited := time.Since(began); waited < time.Minute || waited > 80*time.Second {
			t.Errorf("it acted after %s", waited)
		}
	})
}

// Ensure what a stop lets finish is finished, but not for ever.
func TestAStopLetsABatchFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		out, done := lasting(ctx, 10*time.Second)
		defer done()
		began := time.Now()
		stop()
		<-out.Done()
		if got := time.Since(began); got != 10*time.Second {
			t.Errorf("%s", got)
		}
	})
}
