package projection

import (
	"math/rand"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
)

// Ensure the numbers are what Judge says of each token, after whatever has happened, and rest as long as they must.
func TestNumbers(t *testing.T) {
	seen := map[Judged]int{}
	for seed := range int64(20) {
		c, rnd := newCrowd(t, never), rand.New(rand.NewSource(seed))
		at := events.Millis(1_700_000_000_000)
		for range 60 {
			at += events.Millis(rnd.Intn(2500))
			what := c.anything(rnd, at)
			began, rests := time.Now(), 0
			c.p.count(func(time.Duration) { rests++ })
			want := map[Judged]int{}
			c.p.st.eachToken(func(h *heldToken) {
				v := c.p.Judge(h.token())
				want[Judged{h.alike.realm, v.State.String(), v.InDoubt}]++
				seen[Judged{"", v.State.String(), v.InDoubt}]++
			})
			if len(want) > 0 { // each state is there
				for _, state := range []string{"usable", "suspended", "revoked"} {
					want[Judged{"demo", state, false}] += 0
					want[Judged{"demo", state, true}] += 0
				}
			}
			got := c.p.Numbers()
			if d := cmp.Diff(want, got.Of); d != "" || got.At.Before(began) || rests == 0 {
				t.Fatalf("seed %d, after %s, %d rests (- by Judge, + counted):\n%s", seed, what, rests, d)
			}
		}
	}
	if len(seen) < 4 {
		t.Errorf("the histories have %v only", seen)
	}
}

// Ensure nothing is told before all were counted of one state, and what was counted stays until it is.
func TestNumbersOfOneState(t *testing.T) {
	p := New(many(3), Options{}, zerolog.Nop())
	p.count(func(time.Duration) {})
	if n := p.Numbers(); !n.At.IsZero() || n.Of != nil {
		t.Errorf("nothing is loaded: %+v", n)
	}
	if _, err := p.step(t.Context()); err != nil {
		t.Fatal(err)
	}
	loaded := false
	p.count(func(time.Duration) {
		if !loaded { // once all are named
			loaded = true
			if err := p.load(t.Context(), p.status, time.Now(), func() {}); err != nil {
				t.Error(err)
			}
		}
	})
	if n := p.Numbers(); !n.At.IsZero() {
		t.Errorf("of two states: %+v", n)
	}
	p.count(func(time.Duration) {})
	if n := p.Numbers(); n.At.IsZero() || n.Of[Judged{"r", "usable", false}] != 3 {
		t.Errorf("%+v", n)
	}
}
