package mapmodel

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// closure is one reason why something is not usable.
type closure struct {
	state  tokenstate.State
	reason string
	since  Millis
	cause  string
	retry  Millis
}

// worse: the worst state; then the earliest since; then the cause and reason, so that the
// answer is the same whatever order the reasons are found in.
func (c closure) worse(o closure) bool {
	if c.state != o.state {
		return c.state > o.state
	}
	if c.since != o.since {
		return c.since < o.since
	}
	if c.cause != o.cause {
		return c.cause < o.cause
	}
	return c.reason < o.reason
}

func worst(cs []closure) (closure, bool) {
	if len(cs) == 0 {
		return closure{}, false
	}
	w := cs[0]
	for _, c := range cs[1:] {
		if c.worse(w) {
			w = c
		}
	}
	return w, true
}
