package projection

import (
	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// holder is a user who holds something here: offline tokens of their sessions, or API keys.
type holder struct {
	user   string
	tokens *heldToken // of their sessions, the first of a chain
	keys   int32      // dead ones as well
}

// heldToken is a Token in little room: what very many have alike stands once.
type heldToken struct {
	user    string // whom it names
	session string
	issued  tokenstate.Seconds
	expires tokenstate.Seconds
	alike   *alike
	owner   *holder    // by whose session it is, as far as looks have shown
	next    *heldToken // of the same owner
	beside  *heldToken // of the same session, with another client
}

// alike is what tokens have in common.
type alike struct {
	realm, client, clientID, issuer, custody, scope string
	verified                                        bool
}

func (h *heldToken) token() tokenstate.Token {
	a := h.alike
	return tokenstate.Token{
		Realm: a.realm, User: h.user, Client: a.client, ClientID: a.clientID, Session: h.session,
		IssuedAt: h.issued, Expires: h.expires, Issuer: a.issuer,
	}
}

func (h *heldToken) stored() Token {
	return Token{Token: h.token(), Custody: h.alike.custody, Verified: h.alike.verified, Scope: h.alike.scope}
}

// heldKey is an apikey.Record in little room; the map of keys has its id.
type heldKey struct {
	owner      *holder
	alike      *alikeKeys
	name       string
	generation uint64
	created    tokenstate.Seconds
	expires    tokenstate.Seconds
	notBefore  tokenstate.Seconds
	revoked    *revoked
	digest     apikey.Sum
}

// alikeKeys is what keys have in common.
type alikeKeys struct {
	realm, org, pepper string
	kind               apikey.Kind
	scopes             apikey.Scopes
	notMember          bool
}

type revoked struct {
	at tokenstate.Seconds
	by string
}

func (k *heldKey) record(id string) apikey.Record {
	a := k.alike
	r := apikey.Record{
		ID: id, Realm: a.realm, User: k.owner.user, Org: a.org, Name: k.name, Kind: a.kind, Generation: k.generation,
		Created: k.created, Expires: k.expires, NotBefore: k.notBefore, Digest: k.digest, PepperID: a.pepper, Scopes: a.scopes, NotMember: a.notMember,
	}
	if k.revoked != nil {
		r.RevokedAt, r.RevokedBy = k.revoked.at, k.revoked.by
	}
	return r
}

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
