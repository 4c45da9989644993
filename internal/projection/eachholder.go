package projection

import (
	"slices"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Holder is what is known of a user who holds something here.
type Holder struct {
	Realm, User string
	Owner       tokenstate.Ownership
	Best        []BestToken // one for each client; whoever is shown it must not keep it
}

// BestToken is the best of a user's tokens with one client.
type BestToken struct {
	Token   Token
	Verdict tokenstate.Verdict
	Ends    tokenstate.Seconds // tokenstate.Facts.Ends of a usable one, where it was asked for
}

// EachHolder shows all who hold something. The lock is given back in between, so not all are of one moment; see is called
// under it and must not wait. If another state was loaded meanwhile nobody more is shown, and the answer is false. ends: when
// tokens end is shown, too, which nobody remembers and which takes longer.
func (p *Projection) EachHolder(ends bool, see func(Holder)) bool {
	st, all := p.holding()
	if st == nil {
		return false
	}
	var best []BestToken // used again and again: a million holders must not leave as many behind
	for chunk := range slices.Chunk(all, dueChunk) {
		same := read(p, func(now *state) bool {
			for i := 0; now == st && i < len(chunk); i++ {
				h := chunk[i]
				if h.tokens == nil && h.keys == 0 { // has left
					continue
				}
				best = st.bestOf(h.holder, best[:0], p.status.Rules, p.now)
				if ends {
					st.addEnds(best)
				}
				see(Holder{Realm: h.realm, User: h.user, Owner: st.owner(h.realm, h.user, p.status.Rules), Best: best})
			}
			return now == st
		})
		if !same {
			return false
		}
	}
	return true
}

// inRealm is a holder with the realm, which the holder itself does not know.
type inRealm struct {
	*holder

	realm string
}

func (p *Projection) holding() (*state, []inRealm) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.st == nil {
		return nil, nil
	}
	all := make([]inRealm, 0, p.st.holders())
	for realm, e := range p.st.estates {
		for _, h := range e.holders {
			all = append(all, inRealm{h, realm})
		}
	}
	return p.st, all
}

// addEnds says of usable tokens when they end.
func (st *state) addEnds(all []BestToken) {
	for i := range all {
		if all[i].Verdict.State == tokenstate.Usable {
			all[i].Ends = st.facts.Ends(all[i].Token.Token)
		}
	}
}

// bestOf adds the best token of a holder for each client.
func (st *state) bestOf(h *holder, best []BestToken, r tokenstate.Rules, now func() tokenstate.Millis) []BestToken {
	for held := h.tokens; held != nil; held = held.next {
		one := BestToken{Token: held.stored(), Verdict: st.judgeHeld(held, r, now)}
		i := slices.IndexFunc(best, func(b BestToken) bool { return b.Token.Token.ClientID == one.Token.Token.ClientID })
		switch {
		case i < 0:
			best = append(best, one)
		case better(one.Token, one.Verdict, best[i].Token, best[i].Verdict):
			best[i] = one
		}
	}
	return best
}

// KeysThatEnd are the keys that pass and end after now and until a time. It walks all keys: ask seldom.
func (p *Projection) KeysThatEnd(now, until tokenstate.Seconds) []apikey.Record {
	return read(p, func(st *state) (all []apikey.Record) {
		for id, k := range st.keys {
			if end := k.ends(); end <= now || end > until {
				continue
			}
			rec := k.record(id)
			_, _, cut := st.facts.KeyCut(rec.Realm, rec.User, id)
			if apikey.Admit(rec, st.owner(rec.Realm, rec.User, p.status.Rules), cut, now, apikey.BestEffort()).Active {
				all = append(all, rec)
			}
		}
		return all
	})
}
