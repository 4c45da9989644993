package projection

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// history is a database in memory: all its versions, and what they add up to.
type history struct {
	mu       sync.Mutex
	versions []Version // versions[i] is version i
	pruned   int64
	status   Status
	keys     map[string]apikey.Record // that only the read-through sees
	wake     chan struct{}
	fault    error
	finds    int
	asked    int // for news

	unloadable error // of snapshots alone
}

func newHistory() *history {
	return &history{versions: []Version{{}}, status: Status{Epoch: 1, Confirmed: true, Rules: tokenstate.DefaultRules()}, keys: map[string]apikey.Record{}, wake: make(chan struct{}, 1)}
}

func (h *history) add(nonce string, cs ...Change) {
	h.mu.Lock()
	h.versions = append(h.versions, Version{int64(len(h.versions)), nonce, cs})
	h.mu.Unlock()
	h.signal()
}

func (h *history) signal() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// restore cuts the history at a version: what comes then has other nonces.
func (h *history) restore(to int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.versions = h.versions[:min(len(h.versions), to+1)]
	h.pruned = min(h.pruned, int64(len(h.versions)-1))
}

func (st *state) allTokens() map[Place]Token {
	all := map[Place]Token{}
	st.eachToken(func(t *heldToken) { all[placeOf(t.token())] = t.stored() })
	return all
}

func (st *state) allKeys() map[string]apikey.Record {
	all := map[string]apikey.Record{}
	for id, k := range st.keys {
		all[id] = k.record(id)
	}
	return all
}

// allHolders are the places of each holder's tokens, and the number of their keys.
func (st *state) allHolders() map[string]string {
	all := map[string]string{}
	for realm, e := range st.estates {
		for user, h := range e.holders {
			var places []string
			for t := h.tokens; t != nil; t = t.next {
				places = append(places, fmt.Sprint(placeOf(t.token())))
			}
			slices.Sort(places)
			all[realm+" "+user] = fmt.Sprint(h.keys, places)
		}
	}
	return all
}

func (h *history) snapshot() Snapshot {
	st := newState()
	for _, v := range h.versions {
		st.install(v, h.status.Rules)
	}
	s := Snapshot{Version: st.version, Nonce: st.nonce, Facts: st.facts}
	for _, t := range st.allTokens() {
		s.Tokens = append(s.Tokens, t)
	}
	for _, k := range st.allKeys() {
		s.Keys = append(s.Keys, k)
	}
	for _, k := range st.services {
		s.ServiceKeys = append(s.ServiceKeys, k)
	}
	for m := range st.members {
		s.Members = append(s.Members, m)
	}
	return s
}

func (h *history) Snapshot(_ context.Context, to Taker) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.snapshot()
	s.Show(to)
	return errors.Join(h.fault, h.unloadable)
}

func (h *history) News(_ context.Context, after int64) (News, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked++
	if after >= int64(len(h.versions)) || after < h.pruned {
		return News{Status: h.status, Gap: errors.New("pruned, or ahead")}, h.fault
	}
	vs := h.versions[after:]
	n := News{Status: h.status, Was: vs[0].Nonce, Now: vs[len(vs)-1]}
	n.Now.Changes = nil
	for _, v := range vs[1:] {
		n.Now.Changes = append(n.Now.Changes, v.Changes...)
	}
	return n, h.fault
}

func (h *history) Status(context.Context) (Status, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.status, h.fault
}

func (h *history) Wait(ctx context.Context, _ int64, _ <-chan struct{}) error {
	select {
	case <-h.wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *history) FindKey(_ context.Context, id string) (apikey.Record, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.finds++
	rec, ok := h.keys[id]
	return rec, ok, h.fault
}

// follow runs a projection until the end of the test.
func follow(t *testing.T, h *history) *Projection {
	t.Helper()
	p := New(h, Options{Retry: 1}, zerolog.Nop())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = p.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return p
}

func (h *history) FindLegacy(_ context.Context, digests []apikey.Sum) (out []apikey.Record, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.finds++
	for _, rec := range h.keys {
		if slices.Contains(digests, rec.Digest) {
			out = append(out, rec)
		}
	}
	return out, h.fault
}

// stateOf is the state that is made of a snapshot.
func stateOf(s Snapshot) *state {
	b := newBuilder()
	s.Show(b)
	return b.st
}

// keptOf is a snapshot as it is kept.
func keptOf(t require, at time.Time, status Status, s Snapshot) []byte {
	t.Helper()
	var out bytes.Buffer
	k := &keptWriter{wire: newWriter(&out), at: at, status: status}
	s.Show(k)
	if err := k.end(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type require interface {
	Helper()
	Fatal(...any)
}

// decoded is what was kept.
func decoded(raw []byte) (h keptHeader, s Snapshot, err error) {
	h, err = readKept(bytes.NewReader(raw), &s)
	return h, s, err
}
