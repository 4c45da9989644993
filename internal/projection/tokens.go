package projection

import (
	"cmp"
	"io"
	"iter"
	"maps"
	"slices"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Judge says whether Keycloak would refresh t. With nothing loaded that is unknown.
func (p *Projection) Judge(t tokenstate.Token) tokenstate.Verdict {
	return read(p, func(st *state) tokenstate.Verdict { return st.judge(t, p.status.Rules, p.now) })
}

// JudgeGeneration is Judge for one of the generations of a token, of which newest is stored.
func (p *Projection) JudgeGeneration(t tokenstate.Token, newest tokenstate.Seconds) tokenstate.Verdict {
	return read(p, func(st *state) tokenstate.Verdict {
		v := st.judge(t, p.status.Rules, p.now)
		return tokenstate.Superseded(t, newest, v, st.facts, p.status.Rules)
	})
}

// Token finds what is stored of a client in a session.
func (p *Projection) Token(realm, session, clientID string) (Token, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.st == nil {
		return Token{}, false
	}
	if t := p.st.heldAt(Place{realm, session, clientID}); t != nil {
		return t.stored(), true
	}
	return Token{}, false
}

// TokensOf are the stored and tracked tokens of a user, with one client unless clientID is "". The user may be named by
// Keycloak's id, or as the tokens name them.
func (p *Projection) TokensOf(realm, user, clientID string) []Token {
	return read(p, func(st *state) []Token { return st.tokensOf(realm, user, clientID) })
}

func (st *state) tokensOf(realm, user, clientID string) (ts []Token) {
	for t := range st.heldOf(realm, user, clientID) {
		ts = append(ts, t.stored())
	}
	return ts
}

func (st *state) heldOf(realm, user, clientID string) iter.Seq[*heldToken] {
	return func(yield func(*heldToken) bool) {
		if h := st.holder(realm, user); h != nil {
			for t := h.tokens; t != nil; t = t.next {
				if (clientID == "" || t.alike.clientID == clientID) && !yield(t) {
					return
				}
			}
		}
		for place := range st.named[owner{realm, user}] {
			if (clientID == "" || place.ClientID == clientID) && !yield(st.heldAt(place)) {
				return
			}
		}
	}
}

// Best is the token to use, of those that want admits (nil: all): the newest usable one, a
// verified one before others. If none is usable it is one that may work again, or else the
// newest, and of one second the one that died last: its verdict says why there is none now.
func (p *Projection) Best(realm, user, clientID string, want func(Token) bool) (Token, tokenstate.Verdict, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.st == nil {
		return Token{}, tokenstate.Verdict{}, false
	}
	var best Token
	var verdict tokenstate.Verdict
	found := false
	for held := range p.st.heldOf(realm, user, clientID) {
		t := held.stored()
		if want != nil && !want(t) {
			continue
		}
		v := p.st.judgeHeld(held, p.status.Rules, p.now)
		if !found || better(t, v, best, verdict) {
			best, verdict, found = t, v, true
		}
	}
	return best, verdict, found
}

func better(t Token, v tokenstate.Verdict, o Token, w tokenstate.Verdict) bool {
	if v.State != w.State {
		return v.State < w.State // usable, suspended, revoked
	}
	if t.Verified != o.Verified {
		return t.Verified
	}
	if t.Token.IssuedAt != o.Token.IssuedAt {
		return t.Token.IssuedAt > o.Token.IssuedAt
	}
	if v.Since != w.Since {
		return v.Since > w.Since
	}
	return cmp.Or(cmp.Compare(t.Token.Session, o.Token.Session), cmp.Compare(t.Token.ClientID, o.Token.ClientID)) < 0
}

// LivesIn is the user store of a user who is not known to be gone; "" for anybody else.
func (p *Projection) LivesIn(realm, user string) string {
	return read(p, func(st *state) string {
		if o := tokenstate.Owner(realm, user, st.facts, p.status.Rules); o.Reason == tokenstate.ReasonUserDeleted {
			return ""
		}
		return st.facts.StoreOf(realm, user)
	})
}

// ChangedBeneath is tokenstate.Facts.ChangedBeneath.
func (p *Projection) ChangedBeneath(realm string) tokenstate.Millis {
	return read(p, func(st *state) tokenstate.Millis { return st.facts.ChangedBeneath(realm) })
}

// StoreUsersSince is tokenstate.Facts.StoreUsersSince. It walks all facts: ask only after a change and at the start.
func (p *Projection) StoreUsersSince(realm string, change tokenstate.Millis) tokenstate.StoreUsers {
	return read(p, func(st *state) tokenstate.StoreUsers { return st.facts.StoreUsersSince(realm, change) })
}

// Sighted is tokenstate.Facts.Sighted.
func (p *Projection) Sighted(t tokenstate.Token) bool {
	return read(p, func(st *state) bool { return st.facts.Sighted(t) })
}

// RealmWasThere is tokenstate.Facts.WasThere. It walks all facts: ask only where a realm is missing.
func (p *Projection) RealmWasThere(realm string) bool {
	return read(p, func(st *state) bool { return st.facts.WasThere(realm) })
}

// Unbound names a client whose UUID is not known.
type Unbound struct{ Realm, ClientID string }

// UnboundClients are the clients of tokens whose UUID is not known, each once.
func (p *Projection) UnboundClients() []Unbound {
	return read(p, func(st *state) []Unbound {
		return slices.SortedFunc(maps.Keys(st.unbound), func(a, b Unbound) int {
			return cmp.Or(cmp.Compare(a.Realm, b.Realm), cmp.Compare(a.ClientID, b.ClientID))
		})
	})
}

// ClientsIn are the UUIDs of the clients that a realm's tokens are of, sorted.
func (p *Projection) ClientsIn(realm string) []string {
	return read(p, func(st *state) (uuids []string) {
		for s := range st.itself {
			if s.Realm == realm && s.Client != "" {
				uuids = append(uuids, s.Client)
			}
		}
		slices.Sort(uuids)
		return uuids
	})
}

// Realms are the realms of all tokens and keys, and how many users there are in each.
func (p *Projection) Realms() map[string]int {
	return read(p, func(st *state) map[string]int {
		n := map[string]int{}
		for s := range st.itself {
			n[s.Realm] += 0
		}
		for realm, e := range st.estates {
			if len(e.holders) > 0 {
				n[realm] = len(e.holders)
			}
		}
		return n
	})
}

// Holds reports whether a user has a token or a key here.
func (p *Projection) Holds(realm, user string) bool {
	return read(p, func(st *state) bool {
		return st.holder(realm, user) != nil
	})
}

// Dump writes the facts as text: equal facts give equal bytes.
func (p *Projection) Dump(w io.Writer) error {
	return read(p, func(st *state) error { return st.facts.Dump(w) })
}
