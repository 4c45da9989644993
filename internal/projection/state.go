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
	estates  map[string]*estate       // by realm
	named    map[owner]map[Place]bool // tokens by the user whom they name, where their session is another's
	keys     map[string]*heldKey
	digests  map[apikey.Sum]string // of keys in another format than ours
	services map[string]ServiceKey
	members  map[apikey.Member]bool
	unbound  map[Unbound]int           // tokens whose client's UUID is not known
	itself   map[tokenstate.Scope]int  // tokens and keys that depend on a realm, or on a client by UUID
	touched  map[tokenstate.Scope]bool // users whom something has changed for since Due last asked; nil: nobody asks
	wide     bool                      // and something has changed that may concern everyone

	alike     map[alike]*alike
	alikeKeys map[alikeKeys]*alikeKeys
}

func newState() *state {
	return &state{
		facts: tokenstate.NewFacts(), estates: map[string]*estate{}, named: map[owner]map[Place]bool{},
		keys: map[string]*heldKey{}, digests: map[apikey.Sum]string{}, services: map[string]ServiceKey{}, members: map[apikey.Member]bool{},
		unbound: map[Unbound]int{}, itself: map[tokenstate.Scope]int{}, alike: map[alike]*alike{}, alikeKeys: map[alikeKeys]*alikeKeys{},
	}
}

// install takes a version over. Facts are set, not joined: Postgres has joined them.
func (st *state) install(v Version, r tokenstate.Rules) {
	for _, c := range v.Changes {
		switch {
		case c.Fact != nil:
			st.setFact(c.Fact, r)
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
		case c.Forgotten != nil:
			st.facts.Forget(*c.Forgotten)
			st.forgetScope(*c.Forgotten, false)
			st.touchScope(*c.Forgotten)
		}
	}
	st.version, st.nonce = v.Version, v.Nonce
}

func (st *state) setFact(f tokenstate.Row, r tokenstate.Rules) {
	st.wide = st.wide || st.facts.ConcernsEverybody(f)
	many := st.facts.ReachesMany(f, r)
	f.SetIn(st.facts)
	st.spell(f)
	st.reassign(f)
	st.forget(f, many)
	st.touch(f)
}

func (st *state) putToken(t Token) {
	p, k := placeOf(t.Token), t.Token
	st.dropToken(p) // its owner may have been another
	e := st.estate(k.Realm)
	h := &heldToken{
		session: k.Session, issued: k.IssuedAt, owner: e.holding(st.facts.OwnerOf(k)),
		alike: once(st.alike, alike{k.Realm, k.Client, k.ClientID, k.Issuer, t.Custody, t.Scope, t.Verified}),
	}
	if k.Expires != 0 {
		h.uncommon().expires = k.Expires
	}
	if k.User != h.owner.user {
		h.uncommon().names = k.User
		addTo(st.named, owner{k.Realm, k.User}, p)
	}
	e.link(h)
	st.facts.Spell(tokenstate.Scope{Realm: k.Realm, User: h.owner.user})
	st.facts.Spell(tokenstate.Scope{Realm: k.Realm, Session: h.session})
	st.count(h, 1)
}

func (st *state) dropToken(p Place) {
	h := st.heldAt(p)
	if h == nil {
		return
	}
	removeFrom(st.named, owner{p.Realm, h.names()}, p)
	st.estates[p.Realm].unlink(h)
	st.count(h, -1)
}

// reassign gives a session's tokens to the owner whom a look has shown. It comes before the row touches anybody, so that
// the owner is asked about.
func (st *state) reassign(r tokenstate.Row) {
	seen, ok := r.(tokenstate.SightingRow)
	if !ok || seen.Value.Owner == "" {
		return
	}
	var moved []Token
	for t := st.inSession(seen.ID.Seat); t != nil; t = t.beside() {
		if st.facts.OwnerOf(t.token()) != t.owner.user {
			moved = append(moved, t.stored())
		}
	}
	for _, t := range moved {
		st.putToken(t)
	}
}

// inSession is the first of a session's tokens.
func (st *state) inSession(s tokenstate.Scope) *heldToken {
	if e := st.estates[s.Realm]; e != nil {
		return e.sessions[s.Session]
	}
	return nil
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
	was := st.keys[k.ID]
	common := once(st.alikeKeys, alikeKeys{k.Realm, k.Org, k.PepperID, k.Kind, k.Scopes, k.NotMember})
	h := heldKeyOf(k, common, st.estate(k.Realm).holding(k.User))
	h.owner.keys++
	if h.lives() {
		h.owner.live++
	}
	st.itself[tokenstate.Scope{Realm: k.Realm}]++
	if was != nil {
		was.owner.keys--
		if was.lives() {
			was.owner.live--
		}
		add(st.itself, tokenstate.Scope{Realm: was.alike.realm}, -1)
		st.estate(was.alike.realm).leave(was.owner)
	}
	if was != nil && was.alike.kind == apikey.KindLegacy && was.digest != k.Digest { // under another pepper now
		delete(st.digests, was.digest)
	}
	st.keys[k.ID] = h
	st.touchScope(tokenstate.Scope{Realm: k.Realm, User: k.User})
	if k.Kind == apikey.KindLegacy {
		st.digests[k.Digest] = k.ID
	}
}

func (st *state) key(id string) (apikey.Record, bool) {
	if k := st.keys[id]; k != nil {
		return k.record(id), true
	}
	return apikey.Record{}, false
}
