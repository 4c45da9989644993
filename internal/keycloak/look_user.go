package keycloak

import (
	"context"
	"errors"
	"time"

	"github.com/Nerzal/gocloak/v13"
)

// UserLook is what the admin API shows of a user.
type UserLook struct {
	At            time.Time // not later than the first reading, by Keycloak's clock
	UserID        string
	Gone          bool // no such user in a realm that exists; the rest is then zero
	Enabled       bool
	OfflineAccess bool             // has the roles without which Keycloak refreshes nobody's offline tokens
	NotBefore     int64            // seconds; 0 = none. After users/{id}/logout the sessions stay listed
	Store         string           // component id of the user store that the user was copied from; "": the realm's own
	Clients       []ClientSessions // one for each client asked about, in that order
}

// ClientSessions are a user's offline sessions with one client: all of them,
// there is no paging. A Gone client has none.
type ClientSessions struct {
	UUID     string
	Gone     bool
	Sessions []Session
}

// LookUser asks GET users/{id}, role-mappings/realm/composite and, for each
// client, GET users/{id}/offline-sessions/{uuid} (roles view-users and
// view-clients). It does not know consent, keys, organisations, the clients' own
// state and the start of a client session (keycloak.md F, A7). Sessions with
// clients not asked about are not covered. If the realm is gone: ErrNotFound.
func (a *Admin) LookUser(ctx context.Context, realm, userID string, clientUUIDs []string) (UserLook, error) {
	u, err := a.account.user(ctx, realm, userID)
	switch {
	case err != nil:
		return UserLook{}, err
	case u.gone:
		return a.userGone(ctx, realm, userID, u.at)
	}
	look := UserLook{At: u.at, UserID: userID, Enabled: u.enabled, NotBefore: u.notBefore, Store: u.store}
	if look.OfflineAccess, err = a.userOffline(ctx, realm, userID); err != nil {
		return UserLook{}, stillThere(err)
	}
	for _, uuid := range clientUUIDs {
		sessions, err := a.userSessions(ctx, realm, userID, uuid)
		if errors.Is(err, ErrNotFound) { // the user or the client: find out which
			again, uerr := a.account.user(ctx, realm, userID)
			switch {
			case uerr != nil:
				return UserLook{}, uerr
			case again.gone:
				return a.userGone(ctx, realm, userID, again.at)
			}
			c, cerr := a.LookClient(ctx, realm, uuid)
			if cerr != nil || !c.Gone {
				return UserLook{}, errors.Join(stillThere(err), cerr)
			}
			err = nil
			sessions.Gone = true
		}
		if err != nil {
			return UserLook{}, err
		}
		look.Clients = append(look.Clients, sessions)
	}
	return look, nil
}

func (a *Admin) userGone(ctx context.Context, realm, userID string, at time.Time) (UserLook, error) {
	if err := a.realmThere(ctx, realm); err != nil {
		return UserLook{}, err
	}
	return UserLook{At: at, UserID: userID, Gone: true}, nil
}

func (a *Admin) userSessions(ctx context.Context, realm, userID, uuid string) (ClientSessions, error) {
	out := ClientSessions{UUID: uuid}
	if err := segments(&realm, &userID, &uuid); err != nil {
		return out, err
	}
	var reps []*gocloak.UserSessionRepresentation
	ans, err := a.account.as(ctx, spec{name: "user's offline sessions", want: list, reads: true},
		func(ctx context.Context, token string) (err error) {
			reps, err = a.account.g.GetUserOfflineSessionsForClient(ctx, token, realm, userID, uuid)
			return err
		})
	if err == nil {
		err = ans.rejected()
	}
	if err == nil {
		out.Sessions, err = ans.sessions(reps)
	}
	return out, err
}
