package keycloak

import (
	"context"
	"slices"
	"time"
)

// App acts as the application's own confidential client. Safe for concurrent use.
type App struct {
	conn    *conn
	account *account
	disc    discovery
}

// NewApp checks cfg and makes no call.
func NewApp(cfg Config) (*App, error) {
	c, err := newConn(cfg)
	if err != nil {
		return nil, err
	}
	return &App{conn: c, account: newAccount(c), disc: discovery{turn: make(chan struct{}, 1)}}, nil
}

// OwnerLook is what the application's service account can see of a user.
type OwnerLook struct {
	At            time.Time // not later than the reading, by Keycloak's clock
	UserID        string
	Gone          bool // no such user; the rest is then zero
	Enabled       bool
	OfflineAccess bool  // has the realm role offline_access, directly, by group or by a composite
	NotBefore     int64 // seconds; 0 = none
}

// LookUser asks about one user of the application's realm: GET users/{id}, then
// role-mappings/realm/composite. The service account needs realm-management
// view-users. It knows nothing of sessions, clients or the realm: while the
// realm is disabled the service account cannot log in and this is *UnavailableError.
// A 404 counts as Gone only if GET users answers at the same time, so that a
// proxy which hides /admin deletes nobody.
func (a *App) LookUser(ctx context.Context, userID string) (OwnerLook, error) {
	u, err := a.account.user(ctx, a.conn.cfg.Realm, userID)
	look := OwnerLook{At: u.at, UserID: userID, Gone: u.gone, Enabled: u.enabled, NotBefore: u.notBefore}
	switch {
	case err != nil:
		return OwnerLook{}, err
	case u.gone:
		err = a.account.mayListUsers(ctx, a.conn.cfg.Realm)
	default:
		var roles []string
		roles, err = a.account.realmRoles(ctx, a.conn.cfg.Realm, userID)
		look.OfflineAccess = slices.Contains(roles, offlineRole)
	}
	if err != nil {
		return OwnerLook{}, stillThere(err)
	}
	return look, nil
}
