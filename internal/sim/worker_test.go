package sim

import (
	"math/rand/v2"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const (
	looksARound = 4
	maxRounds   = 150 // before somebody counts as due for ever
)

// wants are whom the worker would look at now.
func (r *run) wants() []tokenstate.Want {
	r.watch(r)
	return tokenstate.Due(r.tokens(), r.owners, r.facts, r.h.rules, r.now+r.h.database)
}

func (r *run) tokens() []tokenstate.Token {
	tokens := make([]tokenstate.Token, 0, len(r.held))
	for _, h := range r.held {
		tokens = append(tokens, h.token)
	}
	return tokens
}

// round is one round of the worker, which does not come to everybody in it.
func (r *run) round(seed uint64) {
	chance := rand.New(rand.NewPCG(seed, 2))
	due := r.wants()
	for _, w := range due[:min(len(due), looksARound)] {
		r.ask(w, chance)
	}
}

// settle waits for what is on its way, and for the worker to look at everybody who is due.
func (r *run) settle(seed uint64) {
	chance := rand.New(rand.NewPCG(seed, 3))
	for i := range maxRounds {
		r.drain()
		due := r.wants()
		if ripe := tokenstate.RipensAt(r.tokens(), r.facts, r.h.rules, r.now+r.h.database); len(due) == 0 && ripe > 0 && seed%2 == 0 {
			r.until(ripe - r.h.database)
			continue
		}
		if len(due) == 0 {
			return
		}
		for _, w := range due {
			r.ask(w, chance)
		}
		r.until(r.now + 1_000 + millis(i/50)*1_500)
	}
	r.result.stuck = true
}

// answer is where an answer comes from: the resource of one node, or the admin API of any.
type answer struct {
	r      *run
	chance *rand.Rand
	rows   bool
	node   string
	at     millis
	use    func(events.Message) // takes what it says
}

// ask looks at one subject, and sends what it sees to the log.
func (r *run) ask(w tokenstate.Want, chance *rand.Rand) {
	r.answer(w, chance, func(m events.Message) {
		r.send(m, fate{Delay: 1 + oftenShort(chance, 50, 1_000, 20_000)})
	})
}

// answer is what Keycloak says of one subject.
func (r *run) answer(w tokenstate.Want, chance *rand.Rand, use func(events.Message)) {
	n := chance.IntN(len(r.h.ahead))
	a := answer{r: r, chance: chance, rows: r.h.resource && chance.IntN(4) > 0, at: r.clock(n), use: use}
	if a.rows {
		a.node, a.at = name("kc", n), a.at-between(chance, 0, 50)
	} else {
		a.at -= between(chance, 0, 1_500) // decisions/0002: dated by a token of a moment ago
	}
	switch {
	case r.at().realm.gone: // which is believed of the admin API alone
		a.node, a.at = "", r.clock(n)-between(chance, 0, 1_500)
		a.say(&events.Observation{Realm: &events.RealmLook{Gone: true}})
	case w.Scope.User != "" && !w.Urgent && chance.IntN(3) == 0:
		a.pages()
	case w.Scope.User != "" && a.rows:
		a.person(int(w.Scope.User[1] - '0'))
	case w.Scope.User != "":
		a.user(int(w.Scope.User[1] - '0'))
	case w.Scope.Client != "":
		a.say(&events.Observation{Clients: []events.ClientLook{a.read().client(int(w.Scope.Client[1] - '0'))}})
	default:
		x := a.read().realm
		a.say(&events.Observation{Realm: &events.RealmLook{Gone: x.gone, Enabled: !x.disabled, NotBefore: x.notBefore}})
	}
}

// read is what an answer is made of. The admin API may serve what was true some time ago.
func (a answer) read() *state {
	if a.rows {
		return a.r.at()
	}
	return a.r.as(a.r.now - between(a.chance, 0, a.r.h.rules.CacheLag))
}

func (a answer) say(o *events.Observation) {
	a.use(events.Message{ID: a.r.id("look"), At: a.at, Node: a.node, Source: events.Look, Body: o})
}

// user asks for the user and then, client by client, for their sessions.
func (a answer) user(u int) {
	o := &events.Observation{User: a.read().user(u)}
	for c := range clientCount {
		s := a.read()
		if !o.User.Gone { // of a client that is gone, the roster is empty
			o.Rosters = append(o.Rosters, events.Roster{
				User: name("u", u), Client: name("c", c), Complete: true,
				Sessions: s.listed(func(i, x int) bool { return x == c && s.sessions[i].user == u }, false),
			})
		}
	}
	a.say(o)
}

// person is a look through the resource, which names the sessions of tokens whose user is gone.
func (a answer) person(u int) {
	o := a.r.at().seen(subject{'u', u}, false)
	if o.User != nil && o.User.Gone {
		for i, x := range a.r.at().sessions {
			if x.user == u {
				o.Rosters = append(o.Rosters, a.r.at().seen(subject{'s', i}, false).Rosters...)
			}
		}
	}
	a.say(o)
}

// pages lists each client's sessions and the users. A page may miss one, and none proves an absence.
func (a answer) pages() {
	if !a.rows {
		a.at = a.at.Second().Millis()
	}
	for c := range clientCount {
		all := a.read().listed(func(_, x int) bool { return x == c }, a.rows)
		if len(all) > 0 && a.chance.IntN(6) == 0 {
			all = all[1:]
		}
		if len(all) > 0 {
			a.say(&events.Observation{Rosters: []events.Roster{{Client: name("c", c), Sessions: all}}})
		}
	}
	o, s := &events.Observation{}, a.read()
	for u, x := range s.users {
		if !x.gone {
			o.Users = append(o.Users, events.UserSeen{User: name("u", u), Enabled: !x.disabled, NotBefore: x.notBefore})
		}
	}
	if len(o.Users) > 0 {
		a.say(o)
	}
}
