package projection

import (
	"sync/atomic"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// holder is a user who holds something here: offline tokens of their sessions, or API keys.
type holder struct {
	user   string
	tokens *heldToken // of their sessions, the first of a chain
	keys   int32      // dead ones as well
	live   int32      // of them, that nobody has revoked
	known  remembered // that they are active

	uncut atomic.Bool // that no order has cut a key of theirs by itself
}

// heldToken is a Token in little room, a line of a processor's cache: what very many have alike stands once.
type heldToken struct {
	session string
	issued  tokenstate.Seconds
	alike   *alike
	known   remembered // that it is usable
	rare    *rare      // nil for most
	owner   *holder    // by whose session it is, as far as looks have shown
	next    *heldToken // of the same owner
}

// rare is what few tokens have.
type rare struct {
	names   string // the user whom it names, where that is not the owner
	expires tokenstate.Seconds
	beside  *heldToken // of the same session, with another client
}

// uncommon is where to write what few tokens have.
func (h *heldToken) uncommon() *rare {
	if h.rare == nil {
		h.rare = &rare{}
	}
	return h.rare
}

// beside is the next token of the same session.
func (h *heldToken) beside() *heldToken {
	if h.rare == nil {
		return nil
	}
	return h.rare.beside
}

// names is the user whom the token names.
func (h *heldToken) names() string {
	if h.rare != nil && h.rare.names != "" {
		return h.rare.names
	}
	return h.owner.user
}

// alike is what tokens have in common.
type alike struct {
	realm, client, clientID, issuer, custody, scope string
	verified                                        bool
}

func (h *heldToken) token() tokenstate.Token {
	a := h.alike
	t := tokenstate.Token{
		Realm: a.realm, User: h.names(), Client: a.client, ClientID: a.clientID, Session: h.session, IssuedAt: h.issued,
		Issuer: a.issuer,
	}
	if h.rare != nil {
		t.Expires = h.rare.expires
	}
	return t
}

func (h *heldToken) stored() Token {
	return Token{Token: h.token(), Custody: h.alike.custody, Verified: h.alike.verified, Scope: h.alike.scope}
}

// heldKey is an apikey.Record in little room; the map of keys has its id.
type heldKey struct {
	owner   *holder
	alike   *alikeKeys
	name    string
	created uint32   // a second, where that is enough for it
	expires uint32   // the same
	rare    *rareKey // nil for most
	digest  apikey.Sum
}

// rareKey is what few keys have.
type rareKey struct {
	generation uint64
	notBefore  tokenstate.Seconds
	revokedAt  tokenstate.Seconds
	revokedBy  string
	created    tokenstate.Seconds // where it is none of the years 1970 to 2106
	expires    tokenstate.Seconds
}

// brief is a second in little room, and what of it does not fit there.
func brief(s tokenstate.Seconds) (little uint32, rest tokenstate.Seconds) {
	if little = uint32(s); tokenstate.Seconds(little) == s {
		return little, 0
	}
	return 0, s
}

// alikeKeys is what keys have in common.
type alikeKeys struct {
	realm, org, pepper string
	kind               apikey.Kind
	scopes             apikey.Scopes
	notMember          bool
}

func heldKeyOf(k apikey.Record, common *alikeKeys, owner *holder) *heldKey {
	h := &heldKey{alike: common, name: k.Name, digest: k.Digest, owner: owner}
	r := rareKey{generation: k.Generation, notBefore: k.NotBefore, revokedAt: k.RevokedAt, revokedBy: k.RevokedBy}
	h.created, r.created = brief(k.Created)
	h.expires, r.expires = brief(k.Expires)
	if r != (rareKey{}) {
		h.rare = &r
	}
	return h
}

func (k *heldKey) record(id string) apikey.Record {
	a := k.alike
	r := apikey.Record{
		ID: id, Realm: a.realm, User: k.owner.user, Org: a.org, Name: k.name, Kind: a.kind,
		Created: tokenstate.Seconds(k.created), Expires: k.ends(), Digest: k.digest, PepperID: a.pepper, Scopes: a.scopes, NotMember: a.notMember,
	}
	if k.rare != nil {
		r.Generation, r.NotBefore, r.RevokedAt, r.RevokedBy = k.rare.generation, k.rare.notBefore, k.rare.revokedAt, k.rare.revokedBy
		r.Created += k.rare.created
	}
	return r
}

// ends is when it expires; 0: never.
func (k *heldKey) ends() tokenstate.Seconds {
	if k.rare != nil && k.rare.expires != 0 {
		return k.rare.expires
	}
	return tokenstate.Seconds(k.expires)
}

func (k *heldKey) lives() bool { return k.rare == nil || k.rare.revokedAt == 0 }

// maxAlike bounds what is kept of each kind to be shared: a text of a caller's choice may be different each time.
const maxAlike = 10_000

// once gives the value that stands for all that are equal.
func once[T comparable](known map[T]*T, v T) *T {
	if p := known[v]; p != nil {
		return p
	}
	p := new(T)
	*p = v
	if len(known) < maxAlike {
		known[v] = p
	}
	return p
}
