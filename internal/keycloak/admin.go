package keycloak

import "context"

// Admin acts as the worker's client in the administrators' realm, from where a
// disabled realm can still be looked at. It only reads. Roles, for each realm
// looked at: view-users, view-clients, view-realm, view-events. Safe for
// concurrent use.
//
// A look says Gone only where Keycloak itself says so and a second question
// shows that the answer came from the right place. Timeouts, 5xx, 401 and 403
// are *UnavailableError: unknown, never dead (measured; keycloak.md F).
type Admin struct {
	account *account
	server  serverVersion
}

// NewAdmin checks cfg and makes no call. An empty cfg.Realm means "master".
func NewAdmin(cfg Config) (*Admin, error) {
	if cfg.Realm == "" {
		cfg.Realm = adminRealm
	}
	c, err := newConn(cfg)
	if err != nil {
		return nil, err
	}
	return &Admin{account: newAccount(c), server: newServerVersion()}, nil
}

// ServerVersion gives Keycloak's version, like "26.7.3", or "" if our client may
// not see it (GET admin/serverinfo wants rights on the administrators' realm).
func (a *Admin) ServerVersion(ctx context.Context) (string, error) {
	var info struct {
		System struct {
			Version string `json:"version"`
		} `json:"systemInfo"`
	}
	url := a.account.cfg.BaseURL + "/admin/serverinfo"
	ans, err := a.account.as(ctx, spec{name: "server info", want: object, reads: true}, func(ctx context.Context, token string) error {
		// gocloak.GetServerInfo decodes the whole document, whose shape drifts.
		_, err := a.account.g.GetRequestWithBearerAuth(ctx, token).SetResult(&info).Get(url)
		return err
	})
	switch {
	case err != nil:
		return "", err
	case ans.status == 403:
		return "", nil
	case ans.status >= 300:
		return "", ans.unknown("no server info")
	}
	return tidy(info.System.Version, 64), nil
}
