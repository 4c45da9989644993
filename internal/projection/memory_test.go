package projection

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// many is a database with so many tokens.
func many(n int) *history {
	h := newHistory()
	var cs []Change
	for i := range n {
		cs = append(cs, Change{Token: &Token{Token: tokenstate.Token{Realm: "r", User: fmt.Sprint("u", i), ClientID: "app", Session: fmt.Sprint("s", i), IssuedAt: 5}}})
	}
	h.add("n1", cs...)
	return h
}

// sized is a source that knows how many rows it has.
type sized struct{ *history }

func (sized) SnapshotRows(context.Context) (int64, error) { return 3000, nil }

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Ensure a state that is more than the memory is not loaded to the end: the program stays up, is not ready and says what it
// needs, the log says it once, and it is tried again.
func TestMoreThanTheMemory(t *testing.T) {
	var mu sync.Mutex
	live := uint64(91 << 20)
	asked := make(chan struct{}, 100)
	log := &safeBuffer{}
	p := New(sized{many(3000)}, Options{Retry: time.Millisecond}, zerolog.New(log))
	p.fullPause = time.Millisecond
	p.memory = func() (uint64, uint64) {
		mu.Lock()
		defer mu.Unlock()
		select {
		case asked <- struct{}{}:
		default:
		}
		return live, 100 << 20
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = p.Run(ctx) }()
	defer func() { cancel(); <-done }()
	for range 10 { // twice in each try
		<-asked
	}
	for ok, why := p.Ready(); !strings.Contains(why, "the state does not fit into memory: after 1024 rows of about 3000, 91 MiB are in use of the 100 MiB of GOMEMLIMIT; give the program at least 297 MiB"); ok, why = p.Ready() {
		if ok || !strings.Contains(why, "being loaded") && !strings.Contains(why, "no snapshot") {
			t.Fatalf("ready %v: %s", ok, why)
		}
	}
	if n := strings.Count(log.String(), "no snapshot is loaded"); n != 1 {
		t.Errorf("said %d times: %s", n, log)
	}
	mu.Lock()
	live = 1 << 20
	mu.Unlock()
	if err := p.WaitVersion(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if ok, why := p.Ready(); !ok || len(p.TokensOf("r", "u2999", "")) != 1 {
		t.Errorf("ready %v: %s", ok, why)
	}
}

// Ensure what an earlier load has left behind, which the next collection frees, is no reason to stop.
func TestGarbageIsNoReason(t *testing.T) {
	asked := 0
	p := New(many(3000), Options{}, zerolog.Nop())
	p.memory = func() (uint64, uint64) {
		asked++
		return []uint64{100, 10}[(asked+1)%2], 100 // as the last collection found; and after a new one
	}
	if _, err := p.step(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Ensure the limit is Go's own, and that without one nothing is refused.
func TestGoMemoryLimit(t *testing.T) {
	load := func() error {
		_, err := New(many(5000), Options{}, zerolog.Nop()).step(t.Context())
		return err
	}
	before := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(before)
	if err := load(); err != nil {
		t.Fatal(err)
	}
	debug.SetMemoryLimit(1 << 20)
	err := load()
	debug.SetMemoryLimit(before)
	if full, ok := errors.AsType[*MemoryError](err); !ok || full.Limit != 1<<20 || full.Live == 0 || full.Rows == 0 || full.Of != 0 || !strings.Contains(full.Error(), "of an unknown number") {
		t.Fatalf("%v", err)
	}
}

// Ensure the snapshot on disk is held to the same limit.
func TestKeptSnapshotIsMoreThanTheMemory(t *testing.T) {
	h, s := many(3000), &shelf{}
	p := New(h, Options{Keeper: s}, zerolog.Nop())
	if _, err := p.step(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.keepIfDue(t.Context())
	h.fault = errors.New("away")
	late := New(h, Options{Keeper: s}, zerolog.Nop())
	late.memory = func() (uint64, uint64) { return 100, 100 }
	late.open()
	if !late.useKept {
		t.Fatal("nothing was kept")
	}
	late.restore()
	if ok, why := late.Ready(); ok || !strings.Contains(why, "does not fit into memory") {
		t.Errorf("ready %v: %s", ok, why)
	}
}
