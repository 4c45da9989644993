package sim

import (
	"slices"

	"github.com/tokenstate/tokenstate/internal/events"
)

// delayed is how long a listener waits before it looks for what is written after the event's commit.
var delayed = map[string]millis{"LOGIN": 500, "CODE_TO_TOKEN": 500, "REFRESH_TOKEN_ERROR": 500}

// place is where a look is taken, and at whom.
type place struct {
	node int
	subject
}

// subject is whom a listener's look is about.
type subject struct {
	kind byte // 'u'ser, 's'ession, 'c'lient or 'r'ealm
	i    int
}

// cause is an event that waits for its look.
type cause struct {
	events.Cause
	due millis
}

// deaths name a session as ended.
var deaths = []string{"LOGOUT", "REVOKE_GRANT", "DELETE USER_SESSION"}

func (r *run) tellIf(can bool, s step, h events.Happened, change func(*state)) {
	if can {
		r.tell(s, h, change)
	}
}

// tell: something happens at a node, which dates it, commits it, tells of it, and looks.
func (r *run) tell(s step, h events.Happened, change func(*state)) {
	at := r.clock(s.Node)
	h.Event = r.id("event")
	r.in(s.Commit, func() {
		if change != nil {
			r.change(change)
		}
		h.CommittedBy = r.clock(s.Node) + delayed[h.Type]
		r.send(events.Message{ID: h.Event + "/l", At: at, Node: name("kc", s.Node), Source: events.Listener, Body: &h}, s.Event)
		if s.Event.Found > 0 {
			found := h
			found.CommittedBy = 0 // the event store does not say
			r.in(s.Event.Found, func() {
				r.send(events.Message{ID: h.Event + "/b", At: at, Source: events.Backfill, Body: &found}, fate{Delay: 1})
			})
		}
		r.await(s, h, at)
	})
}

// await puts a look into the listener's queue.
func (r *run) await(s step, h events.Happened, at millis) {
	c := cause{events.Cause{Event: h.Event, Type: h.Type, At: at}, r.now + delayed[h.Type] + 1}
	p := place{s.Node, subject{'r', 0}}
	switch {
	case h.User != "":
		p.subject = subject{'u', int(h.User[1] - '0')}
	case h.Type == "DELETE USER_SESSION":
		p.subject = subject{'s', int(h.Path[len("sessions/s")] - '0')}
	case h.Client != "":
		p.subject = subject{'c', int(h.Client[1] - '0')}
	}
	switch h.Type {
	case "REVOKE_GRANT":
		if h.Session != "" {
			c.Session, c.Client = h.Session, h.Client
		}
	case "LOGOUT":
		c.Session = h.Session
	case "DELETE USER_SESSION":
		c.Session = name("s", p.i)
	}
	r.waiting[p] = append(r.waiting[p], c)
	r.in(c.due-r.now+s.After, func() { r.look(p, s) })
}

// look answers all causes of a subject that are due by now, dated before it reads.
func (r *run) look(p place, s step) {
	var causes []events.Cause
	slim := r.h.slim
	r.waiting[p] = slices.DeleteFunc(r.waiting[p], func(c cause) bool {
		if c.due > r.now {
			return false
		}
		causes = append(causes, c.Cause)
		slim = slim && slices.Contains(deaths, c.Type)
		return true
	})
	if len(causes) == 0 {
		return // an earlier look has answered them
	}
	at := r.clock(p.node)
	r.in(s.Read, func() {
		o := r.at().seen(p.subject, slim)
		o.Causes = causes
		r.send(events.Message{ID: r.id("look"), At: at, Node: name("kc", p.node), Source: events.Listener, Body: o}, s.Look)
	})
}

// seen is what a look reads in the database: the rows of a moment.
func (s *state) seen(of subject, slim bool) *events.Observation {
	if s.realm.gone {
		return &events.Observation{Realm: &events.RealmLook{Gone: true}}
	}
	o := &events.Observation{Realm: &events.RealmLook{Enabled: !s.realm.disabled, NotBefore: s.realm.notBefore}}
	switch of.kind {
	case 'c':
		o.Clients = []events.ClientLook{s.client(of.i)}
	case 's':
		one := events.Roster{Session: name("s", of.i), Complete: true, Sessions: s.listed(func(i, _ int) bool { return i == of.i }, true)}
		o.Rosters = []events.Roster{one}
	case 'u':
		u := of.i
		all := events.Roster{User: name("u", u), Complete: true, Sessions: s.listed(func(i, _ int) bool { return s.sessions[i].user == u }, true)}
		if slim {
			return &events.Observation{Rosters: []events.Roster{all}}
		}
		if o.User = s.user(u); !o.User.Gone {
			o.Rosters = []events.Roster{all}
		}
		for c := range s.clients {
			if slices.ContainsFunc(all.Sessions, func(x events.ClientSession) bool { return x.Client == name("c", c) }) {
				o.Clients = append(o.Clients, s.client(c))
			}
		}
	}
	return o
}

// listed are the live sessions that are meant. Only rows tell when the client's own session began.
func (s *state) listed(meant func(session, client int) bool, rows bool) []events.ClientSession {
	all := []events.ClientSession{}
	for i, x := range s.sessions {
		for c := range s.clients {
			if meant(i, c) && s.alive(i, c) {
				start := x.start
				if rows {
					start = max(start, x.seats[c])
				}
				all = append(all, events.ClientSession{Session: name("s", i), Client: name("c", c), ClientID: s.clients[c].id(c), Start: start})
			}
		}
	}
	return all
}

func (s *state) user(u int) *events.UserLook {
	x := s.users[u]
	if x.gone {
		return &events.UserLook{User: name("u", u), Gone: true}
	}
	return &events.UserLook{User: name("u", u), Enabled: !x.disabled, OfflineAccess: !x.withoutRole, NotBefore: x.notBefore}
}

func (s *state) client(c int) events.ClientLook {
	x := s.clients[c]
	if x.gone {
		return events.ClientLook{Client: name("c", c), Gone: true}
	}
	return events.ClientLook{Client: name("c", c), ClientID: x.id(c), Enabled: !x.disabled, NotBefore: x.notBefore}
}
