package projection

import (
	"math"
	"testing"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a generation that begins anew finds nothing of when it was there before.
func TestGenerationsBeginAnew(t *testing.T) {
	e := newState().estate("demo")
	h := e.holding("u")
	token := &heldToken{session: "s", owner: h, alike: &alike{}}
	e.link(token)
	h.known.keep(e.generation, 5)
	token.known.keep(e.generation, 5)
	first := e.generation
	e.generation = math.MaxUint16
	e.next()
	_, owner := h.known.recall(first)
	_, usable := token.known.recall(first)
	if e.generation != first || owner || usable {
		t.Errorf("generation %d after %d: owner %v, token %v", e.generation, first, owner, usable)
	}
}

// Ensure a time is remembered as it is, or not at all.
func TestRecallGivesWhatIsKept(t *testing.T) {
	for at, kept := range map[tokenstate.Millis]bool{0: true, 1_790_000_000_123: true, 1<<48 - 1: true, 1 << 48: false, -1: false} {
		var m remembered
		m.keep(3, at)
		got, ok := m.recall(3)
		if _, other := m.recall(4); ok != kept || ok && got != at || other {
			t.Errorf("%d: %d %v, of another generation %v", at, got, ok, other)
		}
	}
}
