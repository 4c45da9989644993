package projection

import (
	"cmp"
	"io"
	"maps"
	"slices"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Judge says whether Keycloak would refresh t. With nothing loaded that is unknown.
func (p *Projection) Judge(t tokenstate.Token) tokenstate.Verdict {
	return read(p, func(st *state) tokenstate.Verdict { return tokenstate.Judge(t, st.facts, p.status.Rules) })
}

// Token finds what is stored of a client in a session.
func (p *Projection) Token(realm, session, clientID string) (Token, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.st == nil {
		return Token{}, false
	}
	t, ok := p.st.tokens[Place{realm, session, clientID}]
	return t, ok
}

// TokensOf are the stored and tracked tokens of a user, with one client unless clientID is "".
func (p *Projection) TokensOf(realm, user, clientID string) []Token {
	return read(p, func(st *state) []Token { return st.tokensOf(realm, user, clientID) })
}

func (st *state) tokensOf(realm, user, clientID string) (ts []Token) {
	for place := range st.ofOwner[owner{realm, user}] {
		if clientID == "" || place.ClientID == clientID {
			ts = append(ts, st.tokens[place])
		}
	}
	return ts
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
	for _, t := range p.st.tokensOf(realm, user, clientID) {
		if want != nil && !want(t) {
			continue
		}
		v := tokenstate.Judge(t.Token, p.st.facts, p.status.Rules)
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

// Due says whom to look at next.
func (p *Projection) Due(now tokenstate.Millis) []tokenstate.Doubt {
	return read(p, func(st *state) []tokenstate.Doubt {
		ts := make([]tokenstate.Token, 0, len(st.tokens))
		for _, t := range st.tokens {
			ts = append(ts, t.Token)
		}
		owners := make([]tokenstate.Scope, 0, len(st.owned))
		for o := range st.owned {
			owners = append(owners, tokenstate.Scope{Realm: o.realm, User: o.user})
		}
		return tokenstate.Due(ts, owners, st.facts, p.status.Rules, now)
	})
}

// SweptUntil is when the token or owner that was not seen for longest was last looked at; 0 if
// one never was, or nothing is loaded. It walks them all: ask now and then.
func (p *Projection) SweptUntil() tokenstate.Millis {
	return read(p, func(st *state) tokenstate.Millis {
		first, none := tokenstate.Millis(0), true
		seen := func(at tokenstate.Millis) {
			if none || at < first {
				first, none = at, false
			}
		}
		for _, t := range st.tokens {
			seen(tokenstate.Judge(t.Token, st.facts, p.status.Rules).CheckedAt)
		}
		for _, k := range st.keys {
			if k.RevokedAt == 0 {
				seen(tokenstate.Owner(k.Realm, k.User, st.facts, p.status.Rules).CheckedAt)
			}
		}
		return first
	})
}

// Unbound names a client whose UUID is not known.
type Unbound struct{ Realm, ClientID string }

// UnboundClients are the clients of tokens whose UUID is not known, each once.
func (p *Projection) UnboundClients() []Unbound {
	return read(p, func(st *state) []Unbound {
		names := map[Unbound]bool{}
		for _, t := range st.tokens {
			if t.Token.Client == "" {
				names[Unbound{t.Token.Realm, t.Token.ClientID}] = true
			}
		}
		return slices.SortedFunc(maps.Keys(names), func(a, b Unbound) int {
			return cmp.Or(cmp.Compare(a.Realm, b.Realm), cmp.Compare(a.ClientID, b.ClientID))
		})
	})
}

// Dump writes the facts as text: equal facts give equal bytes.
func (p *Projection) Dump(w io.Writer) error {
	return read(p, func(st *state) error { return st.facts.Dump(w) })
}
