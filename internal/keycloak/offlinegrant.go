package keycloak

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/Nerzal/gocloak/v13"
)

// Keycloak refreshes an offline token only if its client and its user may still have one: the client is not
// bearer-only, has the client scope offline_access (since 26.4) and the role of that name in its own scope, and the
// user has the role and one of the roles that the client scope demands (by default the same). The jar's rows say the
// same (rows/OfflineAccess.java).

// scopeCounts reports whether the server asks for the client scope at a refresh. A version that we may not see counts
// as a new one.
func (a *Admin) scopeCounts(ctx context.Context) (bool, error) {
	d, err := a.dialect(ctx)
	return d.scopeCounts, err
}

// clientOffline reports whether Keycloak refreshes offline tokens of a client, if nothing else speaks against it.
func (a *Admin) clientOffline(ctx context.Context, realm string, c *gocloak.Client) (bool, error) {
	if gocloak.PBool(c.BearerOnly) {
		return false, nil
	}
	counts, err := a.scopeCounts(ctx)
	if err != nil {
		return false, err
	}
	optional, told := ofScopes(c.OptionalClientScopes), c.OptionalClientScopes != nil || c.DefaultClientScopes != nil
	if counts && told && !slices.Contains(append(ofScopes(c.DefaultClientScopes), optional...), offlineRole) {
		return false, nil
	}
	if c.FullScopeAllowed == nil || *c.FullScopeAllowed {
		return true, nil
	}
	return a.roleInScope(ctx, realm, *c.ID, optional)
}

func ofScopes(names *[]string) []string {
	if names == nil {
		return nil
	}
	return *names
}

// roleInScope asks what Keycloak itself would grant with all optional scopes asked for: which of them a token has, the
// admin API does not show, and so a role that only one of them gives counts as given.
func (a *Admin) roleInScope(ctx context.Context, realm, uuid string, optional []string) (bool, error) {
	r, u, container := realm, uuid, a.account.cfg.nameOf(realm)
	if err := segments(&r, &u, &container); err != nil {
		return false, err
	}
	var roles []struct{ Name string }
	query := map[string][]string{"scope": {strings.Join(optional, " ")}}
	ans, err := a.account.get(ctx, spec{name: "roles in a client's scope", want: list}, query, &roles,
		r, "clients", u, "evaluate-scopes", "scope-mappings", container, "granted")
	if err == nil {
		err = stillThere(ans.rejected())
	}
	return slices.ContainsFunc(roles, func(r struct{ Name string }) bool { return r.Name == offlineRole }), err
}

// demanded are the realm roles of which the client scope offline_access wants one; open: it wants none, or one that the
// admin API shows of no user (a client's role), and then Keycloak decides.
func (a *Admin) demanded(ctx context.Context, realm string) (names []string, open bool, err error) {
	if counts, err := a.scopeCounts(ctx); err != nil || !counts {
		return nil, true, err
	}
	id, err := a.offlineScope(ctx, realm)
	if err != nil || id == "" { // no client has the scope then: a look at the client says so
		return nil, true, err
	}
	r := realm
	if err := segments(&r, &id); err != nil {
		return nil, false, err
	}
	var direct struct {
		Realm   []struct{ Name string }    `json:"realmMappings"`
		Clients map[string]json.RawMessage `json:"clientMappings"`
	}
	ans, err := a.account.get(ctx, spec{name: "roles of a client scope", want: object}, nil, &direct, r, "client-scopes", id, "scope-mappings")
	if err == nil {
		err = stillThere(ans.rejected())
	}
	if err != nil || len(direct.Clients) > 0 || len(direct.Realm) == 0 {
		return nil, true, err
	}
	if len(direct.Realm) == 1 && direct.Realm[0].Name == offlineRole {
		return []string{offlineRole}, false, nil
	}
	var effective []struct{ Name string }
	ans, err = a.account.get(ctx, spec{name: "roles of a client scope", want: list}, nil, &effective, r, "client-scopes", id,
		"scope-mappings", "realm", "composite")
	if err == nil {
		err = stillThere(ans.rejected())
	}
	for _, role := range effective {
		names = append(names, role.Name)
	}
	return names, false, err
}

// offlineScope is the id of the client scope offline_access; "" if the realm has none.
func (a *Admin) offlineScope(ctx context.Context, realm string) (string, error) {
	r := realm
	if err := segments(&r); err != nil {
		return "", err
	}
	var scopes []struct{ ID, Name string }
	ans, err := a.account.get(ctx, spec{name: "client scopes", want: list}, nil, &scopes, r, "client-scopes")
	if err == nil {
		err = ans.rejected()
	}
	if errors.Is(err, ErrNotFound) {
		err = a.noneOf(ctx, realm, ans)
	}
	if err != nil {
		return "", err
	}
	for _, s := range scopes {
		if s.Name == offlineRole {
			return s.ID, nil
		}
	}
	return "", nil
}
