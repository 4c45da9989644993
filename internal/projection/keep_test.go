package projection

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/hearing"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// shelf keeps in memory, and tells when it was given something.
type shelf struct {
	raw   []byte
	err   error
	given chan struct{}
}

func (s *shelf) Keep(write func(io.Writer) error) error {
	var out bytes.Buffer
	if err := write(&out); err != nil {
		return err
	}
	s.raw = out.Bytes()
	if s.given != nil {
		s.given <- struct{}{}
	}
	return nil
}

func (s *shelf) Kept() (io.ReadCloser, error) {
	if s.raw == nil {
		return nil, s.err
	}
	return io.NopCloser(bytes.NewReader(s.raw)), s.err
}

// Ensure whatever the state is, what is kept of it is that state.
func TestKeptIsTheState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, s := newHistory(), &shelf{}
		for n := range rapid.IntRange(0, 15).Draw(t, "versions") {
			h.add(fmt.Sprint("n", n), drawChange(t), drawChange(t))
		}
		p := New(h, Options{Keeper: s}, zerolog.Nop())
		if err := p.keep(context.Background()); err != nil {
			t.Fatal(err)
		}
		next := New(h, Options{Keeper: s}, zerolog.Nop())
		next.open()
		next.restore()
		if ready, why := next.Ready(); !ready {
			t.Fatal(why)
		}
		same(t, next, stateOf(h.snapshot()))
	})
}

// Ensure nobody adds to Snapshot or to the header and forgets to keep it.
func TestEverythingIsKept(t *testing.T) {
	facts := tokenstate.NewFacts()
	tokenstate.LookRow{Scope: tokenstate.Scope{Realm: "r"}, Value: tokenstate.Look{At: 1}}.SetIn(facts)
	want := Snapshot{
		Version: 7, Nonce: "n", Facts: facts, Tokens: []Token{{Custody: "sealed"}},
		Keys: []apikey.Record{{ID: "k"}}, ServiceKeys: []ServiceKey{{Name: "s", Scopes: []string{"mint"}}},
		Members: []apikey.Member{{Realm: "r", Org: "o", User: "u"}},
	}
	status := Status{
		Epoch: 3, History: "h", Confirmed: true, Beats: []hearing.Beat{{Node: "a", At: 1}}, Rules: tokenstate.DefaultRules(),
		Backfills: []hearing.Reading{{Realm: "r", Upto: 2, Missed: true}}, Now: 9,
	}
	for _, whole := range []any{want, status} {
		for v, i := reflect.ValueOf(whole), 0; i < v.NumField(); i++ {
			if v.Field(i).IsZero() {
				t.Errorf("%s.%s: keep it, and fill it in here", v.Type(), v.Type().Field(i).Name)
			}
		}
	}
	h, got, err := decoded(keptOf(t, time.UnixMilli(5000), status, want))
	if err != nil || !reflect.DeepEqual(got, want) || !reflect.DeepEqual(h.Status, status) || h.At != 5000 {
		t.Fatalf("%+v %+v %v", h, got, err)
	}
}

// cutOff is a database that has kept its state and then gone away.
func cutOff(t *testing.T, at time.Time) (*history, *shelf) {
	t.Helper()
	h, s := newHistory(), &shelf{}
	h.status.Beats = []hearing.Beat{{Node: "a", Received: tokenstate.Millis(at.UnixMilli())}}
	h.add("n1", Change{Key: &apikey.Record{ID: "k", Realm: "r", User: "u"}})
	s.raw, h.fault = keptOf(t, at, h.status, h.snapshot()), errors.New("away")
	return h, s
}

// run starts a projection and returns it once it has tried the database.
func run(t *testing.T, h *history, o Options) *Projection {
	t.Helper()
	o.Retry = time.Millisecond
	p := New(h, o, zerolog.Nop())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = p.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return p
}

// Ensure a start without the database answers from what was kept, says how old it is, and goes
// on with the feed where it left off when the database is back.
func TestStartWithoutTheDatabase(t *testing.T) {
	at := time.Now().Add(-time.Hour)
	h, s := cutOff(t, at)
	p := run(t, h, Options{Keeper: s, MaxStale: 2 * time.Hour})
	if err := p.WaitVersion(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if ok, why := p.Ready(); !ok {
		t.Fatal(why)
	}
	if rec, ok, err := p.KeyByID(t.Context(), "k"); !ok || err != nil || rec.User != "u" {
		t.Fatal(ok, err)
	}
	if _, ok, err := p.KeyByID(t.Context(), "new"); ok || err == nil {
		t.Fatal("an unknown key is not decided without the database")
	}
	if known := p.KnownUntil(); known != tokenstate.Millis(at.UnixMilli()) {
		t.Fatalf("Keycloak is known until %d", known)
	}
	h.mu.Lock()
	h.fault = nil
	h.mu.Unlock()
	h.add("n2", Change{Key: &apikey.Record{ID: "new", Realm: "r", User: "u"}})
	if err := p.WaitVersion(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
}

// Ensure what must not be used is not, and that the reason is said.
func TestKeptIsNotUsed(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*history, *shelf)
		why   string
	}{
		"too old": {func(h *history, s *shelf) {
			s.raw = keptOf(t, time.Now().Add(-25*time.Hour), h.status, h.snapshot())
		}, "old"},
		"from the future": {func(h *history, s *shelf) {
			s.raw = keptOf(t, time.Now().Add(time.Hour), h.status, h.snapshot())
		}, "future"},
		"does not open":  {func(_ *history, s *shelf) { s.raw, s.err = nil, errors.New("does not open") }, "does not open"},
		"truncated":      {func(_ *history, s *shelf) { s.raw = s.raw[:len(s.raw)-1] }, "damaged"},
		"with more":      {func(_ *history, s *shelf) { s.raw = append(s.raw, 0) }, "damaged"},
		"something else": {func(_ *history, s *shelf) { s.raw = []byte("something else") }, "damaged"},
		"there is none":  {func(_ *history, s *shelf) { s.raw = nil }, "no snapshot"},
		"another version": {func(_ *history, s *shelf) {
			s.raw = bytes.Replace(s.raw, []byte(`"Format":3`), []byte(`"Format":4`), 1)
		}, "version"},
		"another header": {func(_ *history, s *shelf) {
			s.raw = bytes.Replace(s.raw, []byte(`"Confirmed":`), []byte(`"Committed":`), 1)
		}, "version"},
		"other entries": {func(_ *history, s *shelf) { s.raw = bytes.Replace(s.raw, []byte(`NoOffline`), []byte(`OffliNone`), 1) }, "version"},
	} {
		t.Run(name, func(t *testing.T) {
			h, s := cutOff(t, time.Now())
			c.spoil(h, s)
			p := New(h, Options{Keeper: s, MaxStale: 24 * time.Hour}, zerolog.Nop())
			p.open()
			p.restore()
			if ok, why := p.Ready(); ok || !strings.Contains(why, c.why) || p.Version() != 0 {
				t.Fatalf("ready %v: %s", ok, why)
			}
		})
	}
	// The database says that it is another one, and then fails.
	h, s := cutOff(t, time.Now())
	p := New(h, Options{Keeper: s, MaxStale: time.Hour}, zerolog.Nop())
	p.open()
	p.seenEpoch = 2
	p.restore()
	if ok, why := p.Ready(); ok || !strings.Contains(why, "epoch") {
		t.Fatalf("ready %v: %s", ok, why)
	}
}

// Ensure answers end when the database has been silent for too long.
func TestCutOffForTooLong(t *testing.T) {
	h := newHistory()
	h.add("n1")
	p := New(h, Options{MaxStale: time.Hour}, zerolog.Nop())
	if _, err := p.step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ok, why := p.Ready(); !ok {
		t.Fatal(why)
	}
	p.asOf = p.asOf.Add(-time.Hour)
	if ok, why := p.Ready(); ok || !strings.Contains(why, "AUTHAPI_KEY_MAX_STALE") {
		t.Fatalf("ready %v: %s", ok, why)
	}
}

// Ensure no database that is behind what was answered before is answered from: neither a running
// reader's nor that of the process before it; until a new epoch begins, or the log was read again.
func TestRegressedDatabase(t *testing.T) {
	for name, over := range map[string]func(*history){
		"a new epoch":              func(h *history) { h.status.Epoch++ },
		"the log was read further": func(h *history) { h.status.Beats = []hearing.Beat{{Node: "a", Received: 1_000_000 + healed + 1}} },
	} {
		for how, lose := range map[string]func(*history){
			"fewer versions": func(h *history) { h.restore(1) },
			"other versions": func(h *history) { h.restore(1); h.add("other"); h.add("more") },
		} {
			for _, restarted := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %s, restarted %v", name, how, restarted), func(t *testing.T) {
					h, s := newHistory(), &shelf{}
					h.status.Beats = []hearing.Beat{{Node: "a", Received: 1_000_000}}
					h.add("n1")
					h.add("n2")
					p := New(h, Options{Keeper: s}, zerolog.Nop())
					step(t, p)
					if err := p.keep(t.Context()); err != nil {
						t.Fatal(err)
					}
					lose(h)
					if restarted {
						p = New(h, Options{Keeper: s}, zerolog.Nop())
						p.open()
					}
					step(t, p)
					if ok, why := p.Ready(); ok || !strings.Contains(why, "behind") {
						t.Fatalf("ready %v: %s", ok, why)
					}
					over(h)
					step(t, p)
					if ok, why := p.Ready(); !ok {
						t.Fatal(why)
					}
				})
			}
		}
	}
}

func step(t *testing.T, p *Projection) {
	t.Helper()
	if _, err := p.step(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Ensure a change is kept soon, and once more at the end; and that nothing is kept which nobody
// has confirmed, or which itself came from the disk.
func TestKeep(t *testing.T) {
	h, s := newHistory(), &shelf{given: make(chan struct{})}
	h.add("n1")
	p := New(h, Options{Keeper: s, KeepEvery: time.Millisecond}, zerolog.Nop())
	step(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = p.Keep(ctx) }()
	<-s.given
	h.add("n2")
	step(t, p)
	<-s.given
	h.add("n3")
	step(t, p)
	cancel()
	for last := false; !last; {
		select {
		case <-s.given:
		case <-ended:
			last = true
		}
	}
	if hd, _, err := decoded(s.raw); err != nil || hd.Version != 3 {
		t.Fatalf("the last one kept is of version %d, %v", hd.Version, err)
	}
	for name, spoil := range map[string]func(){
		"unconfirmed":   func() { p.fromDisk, p.confirmed = false, false },
		"from the disk": func() { p.fromDisk, p.confirmed = true, true },
	} {
		spoil()
		p.keptVersion = 0
		s.given = nil
		s.raw = nil
		if p.keepIfDue(t.Context()); s.raw != nil {
			t.Errorf("%s: kept", name)
		}
	}
}
