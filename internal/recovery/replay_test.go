package recovery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// mem is a database of maps; the real one is tried in cmd/revocation-worker.
type mem struct {
	journal map[string]journal.Line
	facts   tokenstate.Facts
	at      map[string]uint64
	parked  int
	writes  int
	asked   int
	erased  []tokenstate.Erasure
}

func newMem() *mem {
	return &mem{journal: map[string]journal.Line{}, facts: tokenstate.NewFacts(), at: map[string]uint64{}}
}

func (s *mem) JournalHas(_ context.Context, ids []string) (map[string]journal.Line, error) {
	s.asked++
	has := map[string]journal.Line{}
	for _, id := range ids {
		if l, ok := s.journal[id]; ok {
			has[id] = l
		}
	}
	return has, nil
}

func (s *mem) Relearn(_ context.Context, l Learnt) (int, error) {
	for _, line := range l.Journal {
		s.journal[line.ID] = line
	}
	s.facts.Add(l.Facts)
	s.at[l.Source] = l.Position
	s.parked += len(l.Parked)
	s.erased = append(s.erased, l.Erase...)
	s.writes++
	return 0, nil
}

func (s *mem) ReplayAt(_ context.Context, source string) (uint64, error) { return s.at[source], nil }

func (s *mem) EndReplay(_ context.Context, source string) error { delete(s.at, source); return nil }

func (s *mem) State(context.Context) (State, error) { return State{Facts: s.facts}, nil }

var errCut = errors.New("interrupted")

// cut gives n entries, and then stops at stop once.
type cut struct {
	n, stop, next int
}

func (c *cut) Name() string  { return "test" }
func (c *cut) Total() uint64 { return uint64(c.n) }

func (c *cut) Next(context.Context) (Item, error) {
	if c.next == c.stop {
		c.stop = -1
		return Item{}, errCut
	}
	if c.next == c.n {
		return Item{}, io.EOF
	}
	c.next++
	m := events.Message{
		ID: fmt.Sprintf("message-%06d", c.next%18_000), Realm: "demo", At: 1000, Source: events.Listener,
		Body: &events.Happened{Event: fmt.Sprintf("event-%06d", c.next), Kind: "user", Type: "LOGOUT", User: fmt.Sprint("u", c.next%50)},
	}
	raw, err := events.Encode(m)
	if c.next%1000 == 0 {
		raw = []byte("rubbish")
	}
	return Item{Position: uint64(c.next), Entry: journal.Entry{Seq: uint64(c.next), Received: events.Millis(c.next), Raw: raw}}, err
}

// Ensure an interrupted replay goes on from its last commit, and ends where a whole one does.
func TestAnInterruptedReplayGoesOn(t *testing.T) {
	ctx, whole, broken := t.Context(), newMem(), newMem()
	if _, err := Replay(ctx, &cut{n: 22_000, stop: -1}, whole, Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Replay(ctx, &cut{n: 22_000, stop: 20_500}, broken, Options{}); !errors.Is(err, errCut) || !strings.Contains(err.Error(), "goes on") {
		t.Fatalf("want to be told how to go on, got %v", err)
	}
	res, err := Replay(ctx, &cut{n: 22_000, stop: -1}, broken, Options{})
	if err != nil || res.From == 0 || res.Read != 22_000-int(res.From) {
		t.Fatalf("went on after %d, read %d, %v", res.From, res.Read, err)
	}
	if dump(t, whole.facts) != dump(t, broken.facts) || len(whole.journal) != len(broken.journal) || whole.parked != broken.parked || whole.parked != 22 {
		t.Fatalf("%d and %d lines, %d and %d parked", len(whole.journal), len(broken.journal), whole.parked, broken.parked)
	}
	if len(broken.at) != 0 || whole.writes > 5 {
		t.Fatalf("a replay that is done is remembered: %v; or it wrote too often: %d", broken.at, whole.writes)
	}
}

// Ensure the journal's copy of a message counts, and of two new ones the first.
func TestTheFirstCopyCounts(t *testing.T) {
	raw := func(at events.Millis) []byte {
		b, err := events.Encode(events.Message{ID: "one-message", Realm: "demo", At: at, Source: events.Backfill, Body: &events.Happened{Event: "one-event", Kind: "user", Type: "LOGOUT", User: "u"}})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	src := &list{{Position: 1, Entry: journal.Entry{Received: 5, Raw: raw(1)}}, {Position: 2, Entry: journal.Entry{Received: 9, Raw: raw(1)}}}
	st := newMem()
	if _, err := Replay(t.Context(), src, st, Options{}); err != nil {
		t.Fatal(err)
	}
	once := dump(t, st.facts)
	if !strings.Contains(once, `"At":5`) {
		t.Fatalf("the first copy arrived at 5:\n%s", once)
	}
	later := &list{{Position: 1, Entry: journal.Entry{Received: 99, Raw: raw(1)}}}
	if _, err := Replay(t.Context(), later, st, Options{}); err != nil || dump(t, st.facts) != once {
		t.Fatalf("a later copy taught more: %v\n%s", err, dump(t, st.facts))
	}
}

// Ensure a dry run tells and writes nothing, and that a replay erases what an order of the log erases.
func TestADryRunWritesNothingAndAnErasureIsReplayed(t *testing.T) {
	raw, err := events.Encode(events.Message{ID: "an-order", Realm: "demo", At: 1, Source: events.Operator, Body: &events.Order{Order: events.OrderErase, User: "u", By: "b", Reason: "r"}})
	if err != nil {
		t.Fatal(err)
	}
	st := newMem()
	if _, err := Replay(t.Context(), &list{{Position: 1, Entry: journal.Entry{Received: 5, Raw: raw}}}, st, Options{DryRun: true}); err != nil || st.writes > 0 {
		t.Fatalf("a dry run wrote %d times, %v", st.writes, err)
	}
	if _, err := Replay(t.Context(), &list{{Position: 1, Entry: journal.Entry{Received: 5, Raw: raw}}}, st, Options{}); err != nil || len(st.erased) != 1 || st.erased[0].Order != "an-order" {
		t.Fatalf("erased: %+v, %v", st.erased, err)
	}
}

// Ensure a dry run of the journal itself asks it for nothing again, and finds what the facts lack of it.
func TestTheJournalIsReadOnce(t *testing.T) {
	raw, err := events.Encode(events.Message{ID: "one-message", Realm: "demo", At: 1, Source: events.Listener, Body: &events.Happened{Event: "one-event", Kind: "user", Type: "LOGOUT", User: "u"}})
	if err != nil {
		t.Fatal(err)
	}
	st := newMem()
	for _, changed := range []int{1, 0} {
		own := &list{{Position: 1, Own: true, Entry: journal.Entry{Received: 5, Raw: raw}}}
		res, err := Replay(t.Context(), own, st, Options{DryRun: true})
		if err != nil || res.Read != 1 || res.Changed != changed || st.asked != 0 {
			t.Fatalf("%+v after %d questions, %v; want %d changed", res, st.asked, err, changed)
		}
		m, err := events.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		m.Received = 5
		st.facts.Learn(m)
	}
}

type list []Item

func (l *list) Name() string  { return "list" }
func (l *list) Total() uint64 { return uint64(len(*l)) }
func (l *list) Next(context.Context) (Item, error) {
	if len(*l) == 0 {
		return Item{}, io.EOF
	}
	it := (*l)[0]
	*l = (*l)[1:]
	return it, nil
}

func dump(t *testing.T, f tokenstate.Facts) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.Dump(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
