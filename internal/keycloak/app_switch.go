package keycloak

import (
	"context"
)

// SetEnabled disables a user of the realm, or enables it again: GET users/{id}, then PUT with the one member
// changed. It is for a user of our own (the canary). The service account needs realm-management manage-users.
func (a *App) SetEnabled(ctx context.Context, userID string, enabled bool) error {
	if err := segments(&userID); err != nil {
		return err
	}
	var user map[string]any
	ans, err := a.account.get(ctx, spec{name: "user", want: object}, nil, &user, a.conn.realmSeg, "users", userID)
	if err == nil {
		err = ans.rejected()
	}
	if err != nil {
		return err
	}
	user["enabled"] = enabled
	ans, err = a.account.as(ctx, spec{name: "user's switch"}, func(ctx context.Context, token string) error {
		_, err := a.account.g.GetRequestWithBearerAuth(ctx, token).SetBody(user).
			Put(a.conn.cfg.BaseURL + "/admin/realms/" + a.conn.realmSeg + "/users/" + userID)
		return err
	})
	if err != nil {
		return err
	}
	return ans.rejected()
}
