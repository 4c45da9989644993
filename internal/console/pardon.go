package console

import (
	"net/http"
	"slices"

	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// pardon shows what a pardon would bring back, and the command that gives it. The console gives none: whoever holds its
// credential, or authapi's, must not be able to undo a revocation.
func (s *Server) pardon(r *http.Request, v Visitor) (answer, error) {
	q := r.URL.Query()
	realm, user, cause := short(q.Get("realm")), short(q.Get("user")), short(q.Get("cause"))
	if realm == "" || user == "" || cause == "" {
		return answer{}, &fault{http.StatusBadRequest, "Nothing is named to be taken back", "Begin at the page of orders, and choose one there."}
	}
	if err := v.seeRealm(realm); err != nil {
		return answer{}, err
	}
	now := s.holdings(r.Context(), realm, user)
	then := now
	then.Tokens, then.Keys = slices.Clone(now.Tokens), slices.Clone(now.Keys)
	s.Known.Pardoning(cause, func(f tokenstate.Facts, rules tokenstate.Rules) {
		at := tokenstate.Millis(now.Now.UnixMilli())
		for i := range then.Tokens {
			then.Tokens[i].Verdict = tokenstate.JudgeAt(then.Tokens[i].Token, f, rules, at)
		}
		for i := range then.Keys {
			k := &then.Keys[i]
			k.Owner = tokenstate.Owner(k.Key.Realm, k.Key.User, f, rules)
			_, _, k.Cut = f.KeyCut(k.Key.Realm, k.Key.User, k.Key.ID)
		}
	})
	return answer{page: "pardon", title: "Take an order back", data: page.PardonOf(cause, now, then)}, nil
}
