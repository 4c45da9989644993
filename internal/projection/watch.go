package projection

import (
	"container/heap"
	"slices"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// watched is a holder as Due last saw them.
type watched struct {
	user  tokenstate.Scope
	next  tokenstate.Millis // time alone may make them due then; 0: never
	swept tokenstate.Millis // when the token or key of theirs that was not seen for longest was; none: they have nothing that lives
	never bool              // no look has ever seen them
}

const none tokenstate.Millis = -1

// moment is an entry of a queue. It counts while its holder still has that time.
type moment struct {
	at  tokenstate.Millis
	who *watched
}

// moments is a heap, the earliest first.
type moments []moment

func (q *moments) Len() int           { return len(*q) }
func (q *moments) Less(i, j int) bool { return (*q)[i].at < (*q)[j].at }
func (q *moments) Swap(i, j int)      { (*q)[i], (*q)[j] = (*q)[j], (*q)[i] }

// Push is heap's.
func (q *moments) Push(x any) { *q = append(*q, x.(moment)) } // only moments are pushed

// Pop is heap's.
func (q *moments) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// watch is who is to be asked about when, and who was not seen for longest. A holder whose time changes gets a new entry,
// and the old one is passed over when its turn comes.
type watch struct {
	all   map[owner]*watched
	next  moments
	swept moments

	owners map[string]*Owners // by realm
}

func newWatch() watch { return watch{all: map[owner]*watched{}, owners: map[string]*Owners{}} }

// count counts a holder who comes (1), or goes (-1).
func (w *watch) count(h *watched, by int) {
	o := w.owners[h.user.Realm]
	if o == nil {
		o = &Owners{}
		w.owners[h.user.Realm] = o
	}
	if o.All += by; h.never {
		o.NeverLooked += by
	}
	if o.All == 0 {
		delete(w.owners, h.user.Realm)
	}
}

// see notes what was found about a holder.
func (w *watch) see(user tokenstate.Scope, next, swept tokenstate.Millis, never bool) {
	o := owner{user.Realm, user.User}
	h := w.all[o]
	if h == nil {
		h = &watched{user: user, swept: none, never: never}
		w.all[o] = h
		w.count(h, 1)
	}
	if h.never != never {
		w.count(h, -1)
		h.never = never
		w.count(h, 1)
	}
	if h.next != next && next != 0 {
		heap.Push(&w.next, moment{next, h})
	}
	if h.swept != swept && swept != none {
		heap.Push(&w.swept, moment{swept, h})
	}
	h.next, h.swept = next, swept
	w.tidy()
}

// leave forgets who holds nothing any more.
func (w *watch) leave(user tokenstate.Scope) {
	o := owner{user.Realm, user.User}
	if h := w.all[o]; h != nil {
		h.next, h.swept = 0, none
		w.count(h, -1)
		delete(w.all, o)
	}
}

// ripe takes out whom time may have made due.
func (w *watch) ripe(now tokenstate.Millis) (users []tokenstate.Scope) {
	for len(w.next) > 0 && w.next[0].at <= now {
		m := heap.Pop(&w.next).(moment) // only moments are pushed
		if m.who.next == m.at {
			m.who.next = 0
			users = append(users, m.who.user)
		}
	}
	return users
}

// sweptUntil is the earliest time that any holder was swept until; 0 if there is none.
func (w *watch) sweptUntil() tokenstate.Millis {
	for len(w.swept) > 0 {
		if m := w.swept[0]; m.who.swept == m.at {
			return m.at
		}
		heap.Pop(&w.swept)
	}
	return 0
}

// tidy throws out entries that do not count once most do not.
func (w *watch) tidy() {
	if limit := 3*len(w.all) + dueChunk; len(w.next) > limit {
		w.next = slices.DeleteFunc(w.next, func(m moment) bool { return m.who.next != m.at })
		heap.Init(&w.next)
	} else if len(w.swept) > limit {
		w.swept = slices.DeleteFunc(w.swept, func(m moment) bool { return m.who.swept != m.at })
		heap.Init(&w.swept)
	}
}
