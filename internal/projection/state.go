package projection

import (
	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

type owner struct{ realm, user string }

// state is what is known at one version. It is guarded by the projection's lock.
type state struct {
	version  int64
	nonce    string
	facts    tokenstate.Facts
	tokens   map[Place]Token
	ofOwner  map[owner]map[Place]bool // by whose session it is, as far as looks have shown
	named    map[owner]map[Place]bool // by the user whom the token names, where that is another
	whose    map[Place]owner
	keys     map[string]apikey.Record
	digests  map[apikey.Sum]string // of keys in another format than ours
	owned    map[owner]int         // keys of each owner, dead ones as well
	services map[string]ServiceKey
	members  map[apikey.Member]bool
	clients  map[Unbound]int           // tokens of each client
	unbound  map[Unbound]int           // and those whose client's UUID is not known
	itself   map[tokenstate.Scope]int  // tokens and keys that depend on a realm, or on a client by UUID
	touched  map[tokenstate.Scope]bool // users whom something has changed for since Due last asked; nil: nobody asks
}

func newState(s Snapshot) *state {
	st := &state{
		version: s.Version, nonce: s.Nonce, facts: s.Facts, tokens: map[Place]Token{}, ofOwner: map[owner]map[Place]bool{},
		named: map[owner]map[Place]bool{}, whose: map[Place]owner{},
		keys: map[string]apikey.Record{}, digests: map[apikey.Sum]string{}, owned: map[owner]int{}, services: map[string]ServiceKey{},
		members: map[apikey.Member]bool{},
		clients: map[Unbound]int{}, unbound: map[Unbound]int{}, itself: map[tokenstate.Scope]int{},
	}
	for _, t := range s.Tokens {
		st.putToken(t)
	}
	for _, k := range s.Keys {
		st.putKey(k)
	}
	for _, k := range s.ServiceKeys {
		st.services[k.Name] = k
	}
	for _, m := range s.Members {
		st.members[m] = true
	}
	return st
}

// install takes a version over. Facts are set, not joined: Postgres has joined them.
func (st *state) install(v Version) {
	for _, c := range v.Changes {
		switch {
		case c.Fact != nil:
			c.Fact.SetIn(st.facts)
			st.reassign(c.Fact)
			st.touch(c.Fact)
		case c.Token != nil:
			st.putToken(*c.Token)
		case c.Key != nil:
			st.putKey(*c.Key)
		case c.ServiceKey != nil:
			st.services[c.ServiceKey.Name] = *c.ServiceKey
		case c.RemovedToken != nil:
			st.dropToken(*c.RemovedToken)
		case c.RemovedServiceKey != "":
			delete(st.services, c.RemovedServiceKey)
		case c.Member != nil:
			st.members[*c.Member] = true
		case c.RemovedMember != nil:
			delete(st.members, *c.RemovedMember)
		}
	}
	st.version, st.nonce = v.Version, v.Nonce
}

func (st *state) putToken(t Token) {
	p := placeOf(t.Token)
	st.dropToken(p) // its owner may have been another
	o, n := owner{t.Token.Realm, st.facts.OwnerOf(t.Token)}, owner{t.Token.Realm, t.Token.User}
	addTo(st.ofOwner, o, p)
	if n != o {
		addTo(st.named, n, p)
	}
	st.tokens[p], st.whose[p] = t, o
	st.count(t.Token, o, 1)
}

func (st *state) dropToken(p Place) {
	old, ok := st.tokens[p]
	if !ok {
		return
	}
	o := st.whose[p]
	removeFrom(st.ofOwner, o, p)
	removeFrom(st.named, owner{old.Token.Realm, old.Token.User}, p)
	delete(st.tokens, p)
	delete(st.whose, p)
	st.count(old.Token, o, -1)
}

// reassign gives a session's tokens to the owner whom a look has shown. It comes before the row touches anybody, so that
// the owner is asked about.
func (st *state) reassign(r tokenstate.Row) {
	seen, ok := r.(tokenstate.SightingRow)
	if !ok || seen.Value.Owner == "" {
		return
	}
	for _, p := range st.placesIn(seen.ID.Seat) {
		t := st.tokens[p]
		if st.facts.OwnerOf(t.Token) != st.whose[p].user {
			st.putToken(t)
		}
	}
}

// placesIn are the places of stored tokens of a session.
func (st *state) placesIn(s tokenstate.Scope) (ps []Place) {
	for c := range st.clients {
		p := Place{s.Realm, s.Session, c.ClientID}
		if _, ok := st.tokens[p]; ok && c.Realm == s.Realm {
			ps = append(ps, p)
		}
	}
	return ps
}

func addTo(index map[owner]map[Place]bool, o owner, p Place) {
	if index[o] == nil {
		index[o] = map[Place]bool{}
	}
	index[o][p] = true
}

func removeFrom(index map[owner]map[Place]bool, o owner, p Place) {
	delete(index[o], p)
	if len(index[o]) == 0 {
		delete(index, o)
	}
}

func (st *state) putKey(k apikey.Record) {
	if _, known := st.keys[k.ID]; !known {
		st.owned[owner{k.Realm, k.User}]++
		st.itself[tokenstate.Scope{Realm: k.Realm}]++
	}
	if old := st.keys[k.ID]; old.Kind == apikey.KindLegacy && old.Digest != k.Digest { // under another pepper now
		delete(st.digests, old.Digest)
	}
	st.keys[k.ID] = k
	st.touchScope(tokenstate.Scope{Realm: k.Realm, User: k.User})
	if k.Kind == apikey.KindLegacy {
		st.digests[k.Digest] = k.ID
	}
}
