package asking

import (
	"context"
	"errors"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
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
	sought := map[string]map[string]bool{} // by client
	for _, t := range tokens {
		if t.Client == "" || a.Sighted == nil || a.Sighted(t) {
			continue
		}
		if sought[t.Client] == nil {
			sought[t.Client] = map[string]bool{}
		}
		sought[t.Client][t.Session] = true
	}
	if len(sought) > 0 {
		if err := a.Stores.Tried(s.Realm); err != nil { // whoever lists sessions reads their users
			return nil, err
		}
	}
	for client, sessions := range sought {
		r := events.Roster{Client: client}
		for page := 0; page < strangersPages && len(sessions) > 0; page++ {
			got, err := a.Admin.ClientSessions(ctx, s.Realm, client, page*strangersPage, strangersPage)
			if errors.Is(err, keycloak.ErrNotFound) {
				break
			}
			if err != nil {
				return nil, err //nolint:wrapcheck // Fault does
			}
			sure, unsure, err := a.Admin.Lasting(ctx, s.Realm, client, got.Sessions, got.At)
			if err != nil {
				return nil, err //nolint:wrapcheck // as above
			}
			for _, live := range sure {
				if sessions[live.ID] {
					delete(sessions, live.ID)
					r.Sessions = append(r.Sessions, events.ClientSession{
						Session: live.ID, Client: client, User: live.UserID, Start: events.Millis(live.UserStart).Second(),
					})
				}
			}
			if len(sure)+len(unsure) < strangersPage {
				break
			}
		}
		if len(r.Sessions) > 0 {
			rs = append(rs, r)
		}
	}
	return rs, nil
}
