package keycloak

import (
	"context"
	"fmt"
	"slices"

	"github.com/Nerzal/gocloak/v13"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// ConsoleRoles are the roles of the console's client, the least first, and what they are for.
var ConsoleRoles = []struct{ Name, Description string }{
	{"viewer", "sees tokenstate's console, but no users' pages and no keys"},
	{"support", "sees users' pages and keys in tokenstate's console as well"},
	{"operator", "gives orders in tokenstate's console as well"},
}

// Console makes the console's client in the administrators' realm, its roles, and the claim that tells
// them, as far as they are not there, and says what it made. The secret of a client that is there is
// left alone. Who has which role is for an administrator to say. url is where people open the console.
func (s *Setup) Console(ctx context.Context, clientID string, text secret.Text, url string) (changed []string, err error) {
	id, err := s.client(ctx, clientID)
	if err != nil {
		return nil, err
	}
	if id == "" {
		if id, err = s.makeConsole(ctx, clientID, text, url); err != nil {
			return nil, err
		}
		changed = append(changed, "made")
	}
	added, err := s.addresses(ctx, id, url)
	if err != nil {
		return changed, err
	}
	changed = append(changed, added...)
	made, err := s.consoleRoles(ctx, id)
	if err != nil {
		return changed, err
	}
	return append(changed, made...), nil
}

// Where Keycloak sends people back to, and where it says that a login is over.
const (
	consoleCallback = "/login/callback"
	consoleLogout   = "/logout/backchannel"
	logoutURL       = "backchannel.logout.url"
)

// makeConsole: not its whole scope, or the console's tokens would carry every role of an
// administrator. PKCE is asked for, so that a stolen code is of no use.
func (s *Setup) makeConsole(ctx context.Context, clientID string, text secret.Text, url string) (id string, err error) {
	yes, no, raw, protocol := true, false, text.Reveal(), "openid-connect"
	mapper, kind := "tokenstate console roles", "oidc-usermodel-client-role-mapper"
	config := map[string]string{
		"usermodel.clientRoleMapping.clientId": clientID, "claim.name": "resource_access." + clientID + ".roles", "jsonType.label": "String",
		"multivalued": "true", "id.token.claim": "true", "access.token.claim": "false", "userinfo.token.claim": "false",
	}
	id, err = s.g.CreateClient(ctx, s.token, adminRealm, gocloak.Client{
		ClientID: &clientID, Secret: &raw, PublicClient: &no, StandardFlowEnabled: &yes, DirectAccessGrantsEnabled: &no, ImplicitFlowEnabled: &no,
		ServiceAccountsEnabled: &no, FullScopeAllowed: &no, RedirectURIs: &[]string{url + consoleCallback},
		Attributes: &map[string]string{
			"pkce.code.challenge.method": "S256", logoutURL: url + consoleLogout, "backchannel.logout.session.required": "true",
		},
		ProtocolMappers: &[]gocloak.ProtocolMapperRepresentation{{Name: &mapper, Protocol: &protocol, ProtocolMapper: &kind, Config: &config}},
	})
	if err != nil {
		return "", fmt.Errorf("make the client %s: %s", clientID, apiFault(err))
	}
	return id, nil
}

// addresses adds to a client that is there what a console at url needs.
func (s *Setup) addresses(ctx context.Context, id, url string) (changed []string, err error) {
	c, err := s.g.GetClient(ctx, s.token, adminRealm, id)
	if err != nil {
		return nil, fmt.Errorf("read the console's client: %s", apiFault(err))
	}
	if c.RedirectURIs == nil {
		c.RedirectURIs = &[]string{}
	}
	if !slices.Contains(*c.RedirectURIs, url+consoleCallback) {
		*c.RedirectURIs = append(*c.RedirectURIs, url+consoleCallback)
		changed = append(changed, "redirect URI")
	}
	if c.Attributes == nil {
		c.Attributes = &map[string]string{}
	}
	if (*c.Attributes)[logoutURL] != url+consoleLogout {
		(*c.Attributes)[logoutURL], (*c.Attributes)["backchannel.logout.session.required"] = url+consoleLogout, "true"
		changed = append(changed, "back-channel logout")
	}
	if len(changed) == 0 {
		return nil, nil
	}
	if err := s.g.UpdateClient(ctx, s.token, adminRealm, *c); err != nil {
		return nil, fmt.Errorf("write the console's client: %s", apiFault(err))
	}
	return changed, nil
}

func (s *Setup) consoleRoles(ctx context.Context, id string) (made []string, err error) {
	has, err := s.g.GetClientRoles(ctx, s.token, adminRealm, id, gocloak.GetRoleParams{})
	if err != nil {
		return nil, fmt.Errorf("read the roles of the console's client: %s", apiFault(err))
	}
	for _, r := range ConsoleRoles {
		if slices.ContainsFunc(has, func(h *gocloak.Role) bool { return gocloak.PString(h.Name) == r.Name }) {
			continue
		}
		if _, err := s.g.CreateClientRole(ctx, s.token, adminRealm, id, gocloak.Role{Name: &r.Name, Description: &r.Description}); err != nil {
			return made, fmt.Errorf("make the role %s: %s", r.Name, apiFault(err))
		}
		made = append(made, "role "+r.Name)
	}
	return made, nil
}
