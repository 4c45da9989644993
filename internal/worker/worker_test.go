package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type memLog struct {
	entries []journal.Entry
	created time.Time
}

func (l *memLog) Info(context.Context) (journal.Extent, error) {
	return journal.Extent{Name: "T", Created: l.created, First: 1, Last: uint64(len(l.entries))}, nil
}

func (l *memLog) At(_ context.Context, seq uint64) ([]byte, error) { return l.entries[seq-1].Raw, nil }

func (l *memLog) Read(_ context.Context, floor uint64) (journal.Reader, error) {
	return &memReader{l.entries[floor:]}, nil
}

type memReader struct{ rest []journal.Entry }

func (r *memReader) Stop() {}
func (r *memReader) Next(ctx context.Context) (journal.Entry, error) {
	if len(r.rest) == 0 {
		<-ctx.Done()
		return journal.Entry{}, ctx.Err()
	}
	e := r.rest[0]
	r.rest = r.rest[1:]
	return e, nil
}

type memStore struct {
	sync.Mutex
	floor     journal.Floor
	facts     tokenstate.Facts
	journal   int
	parked    int
	restored  int
	confirmed int
	fault     func(n int) (before, after error)
	refuses   string // a text that no journal takes
	calls     int
	history   string
}

func (s *memStore) Floor(context.Context) (journal.Floor, error) {
	s.Lock()
	defer s.Unlock()
	return s.floor, nil
}

func (s *memStore) Apply(_ context.Context, b journal.Batch) (journal.Applied, error) {
	s.Lock()
	defer s.Unlock()
	s.calls++
	var before, after error
	if s.fault != nil {
		before, after = s.fault(s.calls)
	}
	if before != nil {
		return journal.Applied{}, before
	}
	for _, l := range b.Lines {
		if s.refuses != "" && strings.Contains(string(l.Raw), s.refuses) {
			return journal.Applied{}, journal.ErrContent
		}
	}
	if !s.floor.Same(b.From) {
		return journal.Applied{}, journal.ErrNotActive
	}
	s.facts.Add(b.Facts)
	s.floor, s.journal, s.parked = b.To, s.journal+len(b.Lines), s.parked+len(b.Parked)
	return journal.Applied{}, after
}

func (s *memStore) History(context.Context) (string, error) {
	s.Lock()
	defer s.Unlock()
	return s.history, nil
}

func (s *memStore) Confirm(_ context.Context, history string) error {
	s.Lock()
	defer s.Unlock()
	if history != s.history {
		return errors.New("another history")
	}
	s.confirmed++
	return nil
}
func (s *memStore) Restored(context.Context) error { s.restored++; return nil }

func logOf(t *testing.T, ms ...events.Message) *memLog {
	t.Helper()
	l := &memLog{created: time.UnixMicro(1_700_000_000_000_001)}
	for _, m := range ms {
		raw, err := events.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		l.put(events.Subject(m), raw)
	}
	return l
}

func (l *memLog) put(subject string, raw []byte) {
	l.entries = append(l.entries, journal.Entry{Seq: uint64(len(l.entries) + 1), Subject: subject, Received: 1_700_000_001_000, Raw: raw})
}

func pardons(n int) (ms []events.Message) {
	for i := range n {
		ms = append(ms, events.Message{
			ID: fmt.Sprintf("message-%05d", i), Realm: "demo", At: events.Millis(1_700_000_000_000 + i), Source: events.Operator,
			Body: &events.Pardon{Cause: fmt.Sprintf("cause-%04d", i%7), By: "someone", Reason: "test"},
		})
	}
	return ms
}

// run works until the floor reaches the end of the log.
func run(t *testing.T, l *memLog, s *memStore) []Loss {
	t.Helper()
	return runWaiting(t, l, s, 10*time.Millisecond)
}

// runWaiting is run of a worker that stands by for so long.
func runWaiting(t *testing.T, l *memLog, s *memStore, wait time.Duration) []Loss {
	t.Helper()
	return runFrom(t, l, l, s, wait)
}

// runOn is run of a log that differs from what l would read.
func runOn(t *testing.T, log Log, l *memLog, s *memStore) []Loss {
	t.Helper()
	return runFrom(t, log, l, s, 10*time.Millisecond)
}

func runFrom(t *testing.T, log Log, l *memLog, s *memStore, wait time.Duration) []Loss {
	t.Helper()
	if s.facts == (tokenstate.Facts{}) {
		s.facts = tokenstate.NewFacts()
	}
	var losses []Loss
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	w := &Worker{Log: log, Store: s, Epochs: s, Wait: wait, Logger: zerolog.Nop(), Report: func(_ context.Context, x Loss) error { losses = append(losses, x); return nil }}
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	end := l.entries[len(l.entries)-1]
	for {
		f, _ := s.Floor(ctx)
		if f.Seq == end.Seq && f.Digest == digest(end.Raw) {
			break
		}
		if pause.For(ctx, 5*time.Millisecond) != nil {
			t.Fatalf("floor %d never reached %d", f.Seq, end.Seq)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return losses
}

func TestDoubledAndShuffledMessagesTeachTheSame(t *testing.T) {
	ms := pardons(1500)
	a, b := &memStore{}, &memStore{}
	run(t, logOf(t, ms...), a)
	twice := append(append([]events.Message{}, ms...), ms...)
	rand.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
	run(t, logOf(t, twice...), b)
	if a.facts.Empty() || !reflect.DeepEqual(a.facts, b.facts) {
		t.Fatal("facts differ")
	}
}

func TestFaultsOfTheStore(t *testing.T) {
	boom := errors.New("boom")
	for name, fault := range map[string]func(int) (error, error){
		"commits and errs": func(int) (error, error) { return nil, boom },
		"errs at first": func(n int) (error, error) {
			if n < 3 {
				return boom, nil
			}
			return nil, nil
		},
		"not active": func(n int) (error, error) {
			if n < 3 {
				return journal.ErrNotActive, nil
			}
			return nil, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &memStore{fault: fault}
			run(t, logOf(t, pardons(50)...), s)
			if s.journal != 50 {
				t.Fatalf("journal has %d", s.journal)
			}
		})
	}
}

// Ensure a commit whose answer was lost is seen as done at once: nobody else has made it.
func TestACommitWhoseAnswerWasLostIsFound(t *testing.T) {
	s := &memStore{fault: func(int) (error, error) { return nil, errors.New("boom") }}
	if runWaiting(t, logOf(t, pardons(2*maxCount)...), s, time.Hour); s.journal != 2*maxCount {
		t.Fatalf("journal has %d", s.journal)
	}
}

// Ensure a database that was restored under a running worker is read on from its own floor at once: nobody else
// is active, and replicas answer 503 until it is done.
func TestAFloorThatGoesBackIsReadFromAtOnce(t *testing.T) {
	s := &memStore{}
	s.fault = func(n int) (error, error) {
		if n == 2 {
			s.floor = journal.Floor{}
		}
		return nil, nil
	}
	runWaiting(t, logOf(t, pardons(3*maxCount)...), s, time.Hour)
}

func TestPoisonLongerThanABatchIsParked(t *testing.T) {
	l, s := logOf(t), &memStore{}
	for i := range 2*maxCount + 1 {
		l.put("tokenstate.v1.demo.event.LOGIN", []byte("{"[:i%2]))
	}
	run(t, l, s)
	if s.parked != 2*maxCount+1 || s.journal != 0 {
		t.Fatalf("parked %d, journal %d", s.parked, s.journal)
	}
}

// Ensure one message that the store cannot take is parked, alone, wherever it lies in a batch.
func TestAMessageThatCannotBeStoredIsParkedAlone(t *testing.T) {
	for _, at := range []int{0, 1, 25, 48, 49} {
		ms := pardons(50)
		ms[at].Body = &events.Pardon{Cause: "the-culprit", By: "someone", Reason: "test"}
		s := &memStore{refuses: "the-culprit"}
		run(t, logOf(t, ms...), s)
		if s.journal != 49 || s.parked != 1 {
			t.Errorf("message %d: %d in the journal, %d parked", at, s.journal, s.parked)
		}
	}
}

func TestAReCreatedLogIsReportedAndReadFromItsStart(t *testing.T) {
	l := logOf(t, pardons(3)...)
	s := &memStore{floor: journal.Floor{Stream: "T", Created: time.UnixMicro(1), Seq: 9, Digest: "x"}}
	if losses := run(t, l, s); len(losses) != 1 || s.journal != 3 {
		t.Fatalf("losses %v, journal %d", losses, s.journal)
	}
}

func TestAMarkBeyondTheFloorBeginsANewEpochOnce(t *testing.T) {
	mark := func(i int, floor uint64) events.Message {
		return events.Message{ID: fmt.Sprintf("mark-%05d", i), Realm: "_", At: 1_700_000_000_000, Source: events.Worker, Body: &events.Mark{Epoch: "epoch-0001", Floor: floor, FeedVersion: 1}}
	}
	s := &memStore{}
	run(t, logOf(t, append(pardons(3), mark(1, 2), mark(2, 3))...), s)
	if s.restored != 1 {
		t.Fatalf("restored %d times", s.restored)
	}
}
