package sim

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// farthest is how far Keycloak's clocks may be from the database's, by which a sweep is due.
const farthest millis = 30_000

// epoch is when histories begin, by the log's clock, which is the simulator's own.
const epoch millis = 1_700_000_000_000

// run is a history while it is played.
type run struct {
	h        history
	now      millis // the log's clock; nothing else reads it but through clock
	later    queue
	order    int // of what is due at the same instant
	versions []version
	waiting  map[place][]cause // what a listener has not looked for yet
	held     []held
	sessions int // sids that were given out
	owners   []tokenstate.Scope
	ended    [maxSessions][clientCount]millis // when each seat was ended last
	silent   [userCount]bool                  // something happened to the user that nothing announced, and no sweep has passed
	backend  [userCount]bool                  // disabled by the backend
	orders   []order
	log      []events.Message
	taught   []tokenstate.Facts // by each message of the log
	facts    tokenstate.Facts
	ids      int
	result   result
	watch    func(*run)
	deliver  func(events.Message) // instead of learning the message; nil: it is learnt
	judge    func(tokenstate.Token) tokenstate.Verdict
	owner    func(user string) tokenstate.Ownership
}

// version is the database from an instant on.
type version struct {
	at millis
	state
}

// result is what came of a history.
type result struct {
	falseRevoked, falseUsable []string
	broken                    []string // laws of the programs
	inDoubt, hidden, compared int
	stuck, diverged           bool
	log                       []events.Message
}

func (r result) failed() bool {
	return len(r.falseRevoked)+len(r.falseUsable)+len(r.broken) > 0 || r.stuck || r.diverged
}

// play plays a history from its beginning to its end, and lets a sweep pass before the last comparison.
func play(h history) result { return playBefore(h, func(*run) {}) }

// playBefore is play before somebody who watches, each time that somebody asks who is due.
func playBefore(h history, watch func(*run)) result {
	r := begin(h)
	r.watch = watch
	r.judge = func(t tokenstate.Token) tokenstate.Verdict { return tokenstate.Judge(t, r.facts, h.rules) }
	r.owner = func(user string) tokenstate.Ownership { return tokenstate.Owner(realm, user, r.facts, h.rules) }
	r.settle(1)
	for _, s := range h.steps {
		r.until(r.now + s.Wait + 1)
		r.do(s)
	}
	r.check(2)
	r.now += h.rules.Sweep + 2*farthest
	r.silent = [userCount]bool{}
	r.check(3)
	r.result.diverged = r.diverged()
	r.result.log = r.log
	return r.result
}

// begin is a history before its first step.
func begin(h history) *run {
	r := &run{h: h, now: epoch, versions: []version{{at: 0}}, waiting: map[place][]cause{}, facts: tokenstate.NewFacts()}
	for u := range userCount {
		r.owners = append(r.owners, tokenstate.Scope{Realm: realm, User: name("u", u)})
	}
	return r
}

// at is the database as it is.
func (r *run) at() *state { return &r.versions[len(r.versions)-1].state }

// as is the database as it was at an instant.
func (r *run) as(at millis) *state {
	for i := len(r.versions) - 1; i > 0; i-- {
		if r.versions[i].at <= at {
			return &r.versions[i].state
		}
	}
	return &r.versions[0].state
}

// change commits a change.
func (r *run) change(do func(*state)) {
	was, next := r.at(), version{r.now, *r.at()}
	do(&next.state)
	for i, x := range was.sessions {
		for c, start := range x.seats {
			if start != 0 && next.sessions[i].seats[c] == 0 {
				r.ended[i][c] = r.now
			}
		}
	}
	r.versions = append(r.versions, next)
}

func (r *run) clock(node int) millis { return r.now + r.h.ahead[node] }

func (r *run) id(kind string) string {
	r.ids++
	return fmt.Sprintf("%s-%05d", kind, r.ids)
}

// send puts a message on its way to the log.
func (r *run) send(m events.Message, f fate) {
	m.Realm, m.Server = realm, "26.7.3"
	arrive := func() {
		if r.deliver != nil {
			r.deliver(m)
			return
		}
		m.Received = r.now
		r.log, r.taught = append(r.log, m), append(r.taught, tokenstate.Learn(m))
		r.facts.Add(r.taught[len(r.taught)-1])
	}
	if !f.Lost {
		r.in(f.Delay, arrive)
	}
	if f.Again > 0 && !f.Lost {
		r.in(f.Delay+f.Again, arrive)
	}
}

// in has something happen after a while.
func (r *run) in(wait millis, do func()) {
	r.order++
	heap.Push(&r.later, task{r.now + wait, r.order, do})
}

// until lets time pass.
func (r *run) until(at millis) {
	for len(r.later) > 0 && r.later[0].at <= at {
		t := heap.Pop(&r.later).(task)
		r.now = max(r.now, t.at)
		t.do()
	}
	r.now = max(r.now, at)
}

// drain waits for all that is on its way.
func (r *run) drain() {
	for len(r.later) > 0 {
		r.until(r.later[0].at)
	}
}

type task struct {
	at    millis
	order int
	do    func()
}

type queue []task

func (q *queue) Len() int { return len(*q) }
func (q *queue) Less(i, j int) bool {
	a, b := (*q)[i], (*q)[j]
	return a.at < b.at || a.at == b.at && a.order < b.order
}
func (q *queue) Swap(i, j int) { (*q)[i], (*q)[j] = (*q)[j], (*q)[i] }

// Push and Pop are heap's.
func (q *queue) Push(x any) { *q = append(*q, x.(task)) }

// Pop takes the last.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// diverged reports whether the same messages teach something else in another order, some of them twice.
func (r *run) diverged() bool {
	again := slices.Concat(r.taught, r.taught[:len(r.taught)/3])
	chance := rand.New(rand.NewPCG(uint64(len(again)), 1))
	chance.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
	half, rest := tokenstate.NewFacts(), tokenstate.NewFacts()
	for i, f := range again {
		if i < len(again)/2 {
			half.Add(f)
		} else {
			rest.Add(f)
		}
	}
	rest.Add(half)
	return !r.facts.Equal(rest)
}
