//go:build chaos

package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/events"
)

const (
	realm      = "demo"
	clientID   = "app"
	clientUUID = "11111111-2222-4333-8444-555555555555"
	node       = "kc1"
	org        = "org"
)

// world is what is true: Keycloak's users and sessions, what the backend has ordered, and so what each
// verdict must be. Its lock is held only to read and to change, never while something is asked.
type world struct {
	mu    sync.Mutex
	ahead time.Duration // of Keycloak's clock
	shown events.Millis // by that clock, which never goes back
	users map[string]*user
	made  int // names
}

type user struct {
	id             string
	turn           sync.Mutex // one action at a time
	busy           bool       // an action on them has an unknown outcome
	disabled, gone bool       // at Keycloak
	off            bool       // by the backend's own order
	cut            int64      // tokens issued before this second are dead by order
	issued         int64      // the newest iat
	sessions       map[string]int64
	things         []*thing
	story          []string
}

// thing is a token or a key, about which both replicas are asked all the time.
type thing struct {
	owner   *user
	name    string // of a key; "": a token
	secret  string
	session string
	iat     int64
	revoked bool // the key
	since   time.Time
	good    bool // what the verdict must be
	flips   int  // how often that has changed
	// lifted counts how often one cause of several was taken back. A replica that was right before may have known
	// that one only: it will hear of the others.
	lifted int
}

func (x *thing) String() string {
	if x.name != "" {
		return "key " + x.name
	}
	return fmt.Sprintf("token of %.8s iat %d", x.session, x.iat)
}

func newWorld() *world { return &world{users: map[string]*user{}} }

// now is Keycloak's clock, a later time at each question: Keycloak takes milliseconds for what takes nothing here,
// and two changes of a user at one instant have no order. w.mu is held.
func (w *world) now() events.Millis {
	w.shown = max(w.shown+1, events.Millis(time.Now().Add(w.ahead).UnixMilli()))
	return w.shown
}

func (w *world) clock() events.Millis {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now()
}

// step sets Keycloak's clock forward, or lets time catch up with it.
func (w *world) step(ahead time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead = ahead
}

// change does something to a user, and reckons anew what must be said of their things.
func (w *world) change(u *user, what string, do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed(u, what, do)
}

func (w *world) changed(u *user, what string, do func()) {
	was := u.disabled || u.off
	do()
	lifted := was && !u.disabled && !u.off
	u.story = append(u.story, time.Now().UTC().Format("15:04:05.000 ")+what)
	for _, x := range u.things {
		if good := u.allows(x); good != x.good {
			x.good = good
			x.flips++
		} else if lifted && !good {
			x.lifted++
		}
	}
}

func (u *user) allows(x *thing) bool {
	if u.gone || u.disabled || u.off || x.revoked {
		return false
	}
	if x.name != "" {
		return true
	}
	return u.sessions[x.session] != 0 && x.iat >= u.cut
}

// enter makes a user.
func (w *world) enter() *user {
	u := &user{id: uuid.NewString(), sessions: map[string]int64{}}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.users[u.id] = u
	return u
}

func (w *world) leave(u *user) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.users, u.id)
}

// all are the users, in an order that a seed can repeat as far as their ids are not looked at.
func (w *world) all() []*user {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.SortedFunc(maps.Values(w.users), func(a, b *user) int { return strings.Compare(a.id, b.id) })
}

// busy marks a user of whom an action is under way: until it is acknowledged both outcomes are right.
func (w *world) busy(u *user, is bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u.busy = is
}

// asked is a thing as it stood when it was asked about.
type asked struct {
	*thing
	good, busy bool
	flips      int
	lifted     int
}

// things are all that can be asked about now.
func (w *world) things() (out []asked) {
	for _, u := range w.all() {
		w.mu.Lock()
		for _, x := range u.things {
			out = append(out, asked{x, x.good, u.busy, x.flips, x.lifted})
		}
		w.mu.Unlock()
	}
	return out
}

// sinceOf is when a thing was made here, and whether its owner may have a key now.
func (w *world) sinceOf(x *thing) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return x.since, !x.owner.gone && !x.owner.disabled && !x.owner.off
}

func (w *world) story(u *user) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(u.story, "\n  ")
}

// look is what the database shows of a user, or of nobody but the realm. w.mu is held.
func (w *world) look(id string) *events.Observation {
	o := &events.Observation{Realm: &events.RealmLook{Enabled: true}}
	if id == "" {
		return o
	}
	u := w.users[id]
	if u == nil || u.gone {
		o.User = &events.UserLook{User: id, Gone: true}
		return o
	}
	o.User = &events.UserLook{User: id, Enabled: !u.disabled, OfflineAccess: true}
	o.Clients = []events.ClientLook{theClient()}
	o.Rosters = []events.Roster{{User: id, Complete: true, Sessions: u.listed("")}}
	return o
}

func theClient() events.ClientLook {
	return events.ClientLook{Client: clientUUID, ClientID: clientID, Enabled: true}
}

// listed are the user's sessions, or the one that is named.
func (u *user) listed(only string) []events.ClientSession {
	out := []events.ClientSession{}
	for _, id := range slices.Sorted(maps.Keys(u.sessions)) {
		if only == "" || id == only {
			out = append(out, events.ClientSession{Session: id, Client: clientUUID, ClientID: clientID, User: u.id, Start: events.Seconds(u.sessions[id])})
		}
	}
	return out
}
