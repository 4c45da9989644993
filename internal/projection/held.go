package projection

import (
	"slices"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// HeldUsers are the users of a realm with a token or a live key who are not known to be gone. The
// lock is given back between chunks: nobody needs the answer to be of one moment.
func (p *Projection) HeldUsers(realm string) (held []string) {
	for chunk := range slices.Chunk(read(p, (*state).users), dueChunk) {
		read(p, func(st *state) bool {
			for _, user := range chunk {
				if user.Realm == realm && !tokenstate.KnownGone(user, st.facts, p.status.Rules) {
					held = append(held, user.User)
				}
			}
			return true
		})
	}
	return held
}

// PageTells is tokenstate.PageTells about what is known now.
func (p *Projection) PageTells(realm, user string, page tokenstate.PageUser, at tokenstate.Millis) (tell, ask bool) {
	read(p, func(st *state) bool {
		tell, ask = tokenstate.PageTells(tokenstate.Scope{Realm: realm, User: user}, page, st.facts, p.status.Rules, at)
		return true
	})
	return tell, ask
}
