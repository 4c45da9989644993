package page

import (
	"slices"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Why is the page with the box.
type Why struct {
	Asked    string // an id; never a secret
	Says     string // about what was pasted
	KeyID    string
	Found    []Hit
	Refusals []Refusal
	Nothing  string
}

// Hit is a user whom an id leads to.
type Hit struct{ Realm, User, As string }

// Refusal is one refused call.
type Refusal struct {
	At                                                  time.Time
	Request, Door, Reason, Event, Key, User, Org, Realm string
	Status                                              int
}

// People are users, each once.
func People(named []tokenstate.Scope) (out []Hit) {
	for _, n := range named {
		h := Hit{Realm: n.Realm, User: n.User, As: "user, or one of their sessions"}
		if !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	return out
}
