// Package refusals remembers the last calls that one replica refused, so that a request id, a key's id or a user
// leads to the reason. It is for the hours after a complaint: nothing of it is stored, and a restart forgets it.
package refusals

import (
	"sync"
	"time"
)

// kept is how many refusals are remembered: some 3 MB. Older ones are overwritten.
const kept = 10_000

// Door is where a caller was refused.
type Door string

// The doors.
const (
	HTTP      Door = "http"      // a call of this API
	Authorize Door = "authorize" // a gateway's question over HTTP
	ExtAuthz  Door = "extauthz"  // Envoy's
)

// Refusal is one refused call. Whose it was is empty until a key's secret has matched: before that nobody knows
// who asked.
type Refusal struct {
	At      time.Time
	Request string // X-Request-Id; "" where a gateway sent none
	Door    Door
	Status  int
	Reason  string
	EventID string // of what decided it, where that is one event or order

	Key              string // "" also where a backend asked for an access token of the user
	User, Org, Realm string
}

// Ring holds the last refusals, and says when the log is to have one. The zero value is an empty one.
type Ring struct {
	mu   sync.Mutex
	all  []Refusal
	next int // where the oldest one is overwritten
	said seldom
}

// Add remembers a refusal. say is true once a minute for a key (or a user) and a reason, and times is then how often it has
// happened since it was said before.
func (r *Ring) Add(x Refusal) (times int, say bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) < kept {
		r.all = append(r.all, x)
	} else {
		r.all[r.next] = x
		r.next = (r.next + 1) % kept
	}
	return r.said.again(x.Key+"\x00"+x.User+"\x00"+x.Reason, x.At)
}

// Find gives the refusals that want accepts, newest first and at most limit, and since when all are remembered;
// the zero time if none was forgotten.
func (r *Ring) Find(limit int, want func(Refusal) bool) (found []Refusal, since time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) == kept {
		since = r.all[r.next].At
	}
	for i := range r.all {
		x := r.all[(r.next+len(r.all)-1-i)%len(r.all)]
		if len(found) == limit {
			break
		}
		if want(x) {
			found = append(found, x)
		}
	}
	return found, since
}
