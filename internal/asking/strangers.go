package asking

import (
	"context"
	"errors"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// Bounds of looking for sessions in a client's listing, which brings them into Keycloak's caches.
const (
	strangersPage  = 500
	strangersPages = 10
)

// strangers finds tokens whose session no look has ever listed, and whose user Keycloak does not have: with pairwise
// subjects, or a mapper, a token names no user of Keycloak. The admin API cannot be asked for a session by its id, but the
// listing of a client says whose each one is. Only what is found is told: a page proves no absence.
func (a Asker) strangers(ctx context.Context, s tokenstate.Scope, tokens []tokenstate.Token) (rs []events.Roster, err error) {
	for client, sessions := range a.unsighted(tokens) {
		r := events.Roster{Client: client}
		if r.Sessions, err = a.listed(ctx, s.Realm, client, sessions); err != nil {
			return nil, err
		}
		if len(r.Sessions) > 0 {
			rs = append(rs, r)
		}
	}
	return rs, nil
}

// unsighted are the sessions of tokens that no look has listed, by client.
func (a Asker) unsighted(tokens []tokenstate.Token) map[string]map[string]bool {
	sought := map[string]map[string]bool{}
	for _, t := range tokens {
		if t.Client == "" || a.Sighted == nil || a.Sighted(t) {
			continue
		}
		if sought[t.Client] == nil {
			sought[t.Client] = map[string]bool{}
		}
		sought[t.Client][t.Session] = true
	}
	return sought
}

// listed are those of the sought sessions that a client's listing shows; they are taken out of sought, for a page may
// repeat what stood on the one before.
func (a Asker) listed(ctx context.Context, realm, client string, sought map[string]bool) (found []events.ClientSession, err error) {
	pages := Pager{Admin: a.Admin, Stores: a.Stores}
	for page := 0; page < strangersPages && len(sought) > 0; page++ {
		got, err := pages.Sessions(ctx, realm, client, page*strangersPage, strangersPage)
		if errors.Is(err, worker.ErrNoSuch) {
			break
		}
		if err != nil {
			return nil, err
		}
		for _, one := range got.Sessions {
			if sought[one.Session] {
				delete(sought, one.Session)
				found = append(found, one)
			}
		}
		if got.Rows < strangersPage {
			break
		}
	}
	return found, nil
}
