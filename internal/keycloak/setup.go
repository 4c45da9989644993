package keycloak

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/Nerzal/gocloak/v13"
	"github.com/go-resty/resty/v2"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// Setup acts as an administrator of the administrators' realm. It is for the setup command only:
// no running program has such rights. Everything may be repeated.
type Setup struct {
	g     *gocloak.GoCloak
	base  string
	token string
}

// NewSetup logs an administrator in. The session is as short as its access token: a minute.
func NewSetup(ctx context.Context, baseURL, user string, password secret.Text) (*Setup, error) {
	if !plainURL(baseURL) {
		return nil, errors.New("keycloak url: want http(s)://host[:port][/path] without user, query or fragment")
	}
	g := guarded(baseURL)
	jwt, err := g.LoginAdmin(ctx, user, password.Reveal(), adminRealm)
	if err != nil {
		return nil, fmt.Errorf("log in as Keycloak's administrator (KEYCLOAK_ADMIN, KEYCLOAK_ADMIN_PASSWORD): %s", apiFault(err))
	}
	return &Setup{g, baseURL, jwt.AccessToken}, nil
}

// setupLimit bounds each of setup's requests.
const setupLimit = 15 * time.Second

// guarded is gocloak with what our own requests have: it follows no redirect, which would take the
// administrator's password along to wherever it leads, and waits for no answer for ever.
func guarded(baseURL string) *gocloak.GoCloak {
	g := gocloak.NewClient(baseURL)
	g.RestyClient().SetRedirectPolicy(resty.NoRedirectPolicy()).SetTimeout(setupLimit).SetTransport(NewTransport())
	return g
}

// apiFault is what an error of gocloak says without a URL or a body.
func apiFault(err error) string {
	if api, ok := errors.AsType[*gocloak.APIError](err); ok {
		return http.StatusText(api.Code)
	}
	return "Keycloak does not answer"
}

// SaveEvents has a realm keep what the backfill needs, and leaves its listeners alone. It says
// what it changed.
func (s *Setup) SaveEvents(ctx context.Context, realm string, want EventSettings) (changed []string, err error) {
	changed, err = s.config(ctx, realm, func(c map[string]any, set func(name string, value any)) {
		if c["eventsEnabled"] != true {
			set("eventsEnabled", true)
		}
		if expiry, _ := c["eventsExpiration"].(float64); expiry != 0 && expiry < want.UserExpiry.Seconds() {
			set("eventsExpiration", int64(want.UserExpiry.Seconds()))
		}
		if types, lacks := union(c["enabledEventTypes"], want.Types); lacks {
			set("enabledEventTypes", types)
		}
		if c["adminEventsDetailsEnabled"] != true {
			set("adminEventsDetailsEnabled", true)
		}
	})
	if err != nil {
		return nil, err
	}
	more, err := s.SaveAdminEvents(ctx, realm, want.AdminExpiry)
	return append(changed, more...), err
}

// SaveAdminEvents has a realm keep its admin events, for expiry at least.
func (s *Setup) SaveAdminEvents(ctx context.Context, realm string, expiry time.Duration) (changed []string, err error) {
	changed, err = s.config(ctx, realm, func(c map[string]any, set func(name string, value any)) {
		if c["adminEventsEnabled"] != true {
			set("adminEventsEnabled", true)
		}
	})
	if err != nil {
		return nil, err
	}
	more, err := s.adminExpiry(ctx, realm, expiry)
	return append(changed, more...), err
}

// listener is the id of our listener in Keycloak.
const listener = "tokenstate"

// Listen has a realm tell its events to our listener, where Keycloak knows no global listeners
// (before 26.1) and has the jar: a name without a jar would only fill its log.
func (s *Setup) Listen(ctx context.Context, realm string) (changed []string, err error) {
	var info struct {
		System    struct{ Version string } `json:"systemInfo"`
		Providers struct {
			Listeners struct {
				Providers map[string]any `json:"providers"`
			} `json:"eventsListener"`
		} `json:"providers"`
	}
	res, err := s.g.GetRequestWithBearerAuth(ctx, s.token).SetResult(&info).Get(s.base + "/admin/serverinfo")
	if err != nil || res.IsError() {
		return nil, fmt.Errorf("read Keycloak's version: %s", answered(res, err))
	}
	if _, installed := info.Providers.Listeners.Providers[listener]; !installed || Since(info.System.Version, 1) {
		return nil, nil
	}
	return s.config(ctx, realm, func(c map[string]any, set func(name string, value any)) {
		if all, lacks := union(c["eventsListeners"], []string{listener}); lacks {
			set("eventsListeners", all)
		}
	})
}

// config reads a realm's event settings, has edit change them, and writes them if it did.
func (s *Setup) config(ctx context.Context, realm string,
	edit func(c map[string]any, set func(name string, value any)),
) (changed []string, err error) {
	var c map[string]any
	url := s.base + "/admin/realms/" + realm + "/events/config"
	res, err := s.g.GetRequestWithBearerAuth(ctx, s.token).SetResult(&c).Get(url)
	if err != nil || res.IsError() {
		return nil, fmt.Errorf("read the event settings of realm %s: %s", realm, answered(res, err))
	}
	edit(c, func(name string, value any) { c[name], changed = value, append(changed, name) })
	if len(changed) == 0 {
		return nil, nil
	}
	res, err = s.g.GetRequestWithBearerAuth(ctx, s.token).SetBody(c).Put(url)
	if all := texts(c["eventsListeners"]); err == nil && res.StatusCode() == http.StatusBadRequest && slices.Contains(all, listener) {
		// Listed for Keycloak 26.0, and upgraded since: a global listener must not be listed.
		c["eventsListeners"] = slices.DeleteFunc(all, func(l string) bool { return l == listener })
		changed = append(changed, "eventsListeners")
		res, err = s.g.GetRequestWithBearerAuth(ctx, s.token).SetBody(c).Put(url)
	}
	if err != nil || res.IsError() {
		return nil, fmt.Errorf("write the event settings of realm %s: %s", realm, answered(res, err))
	}
	return changed, nil
}

func answered(res *resty.Response, err error) string {
	if err != nil {
		return "Keycloak does not answer"
	}
	return res.Status()
}

// texts of a JSON list.
func texts(saved any) (all []string) {
	list, _ := saved.([]any)
	for _, t := range list {
		if name, ok := t.(string); ok {
			all = append(all, name)
		}
	}
	return all
}

// union is what is saved and what must be, and whether something was lacking.
func union(saved any, needed []string) (all []string, lacking bool) {
	all = texts(saved)
	for _, t := range needed {
		if !slices.Contains(all, t) {
			all, lacking = append(all, t), true
		}
	}
	return all, lacking
}

func (s *Setup) adminExpiry(ctx context.Context, realm string, want time.Duration) ([]string, error) {
	rep, err := s.g.GetRealm(ctx, s.token, realm)
	if err != nil {
		return nil, fmt.Errorf("read realm %s: %s", realm, apiFault(err))
	}
	attributes := map[string]string{}
	if rep.Attributes != nil {
		attributes = *rep.Attributes
	}
	const name = "adminEventsExpiration"
	has, _ := strconv.ParseInt(attributes[name], 10, 64)
	if has == 0 || time.Duration(has)*time.Second >= want {
		return nil, nil
	}
	attributes[name] = strconv.FormatInt(int64(want.Seconds()), 10)
	if err := s.g.UpdateRealm(ctx, s.token, gocloak.RealmRepresentation{Realm: &realm, ID: rep.ID, Attributes: &attributes}); err != nil {
		return nil, fmt.Errorf("write realm %s: %s", realm, apiFault(err))
	}
	return []string{name}, nil
}

// Worker makes the worker's client if it is not there, and says whether it did. The secret of one
// that is there is left alone.
func (s *Setup) Worker(ctx context.Context, clientID string, text secret.Text) (made bool, err error) {
	found, err := s.client(ctx, clientID)
	if err != nil || found != "" {
		return false, err
	}
	yes, no, raw := true, false, text.Reveal()
	_, err = s.g.CreateClient(ctx, s.token, adminRealm, gocloak.Client{
		ClientID: &clientID, Secret: &raw, PublicClient: &no, ServiceAccountsEnabled: &yes, StandardFlowEnabled: &no,
		DirectAccessGrantsEnabled: &no,
	})
	if err != nil {
		return false, fmt.Errorf("make the client %s: %s", clientID, apiFault(err))
	}
	return true, nil
}

// Grant gives the worker's service account roles on a realm, and says which it lacked.
func (s *Setup) Grant(ctx context.Context, clientID, realm string, roles []string) (given []string, err error) {
	worker, err := s.client(ctx, clientID)
	if err != nil {
		return nil, err
	}
	rights, err := s.client(ctx, realm+"-realm")
	if err != nil {
		return nil, err
	}
	if worker == "" || rights == "" {
		return nil, fmt.Errorf("no client %s, or no realm %s", clientID, realm)
	}
	account, err := s.g.GetClientServiceAccount(ctx, s.token, adminRealm, worker)
	if err != nil {
		return nil, fmt.Errorf("the service account of %s: %s", clientID, apiFault(err))
	}
	return s.give(ctx, adminRealm, rights, *account.ID, roles)
}

// give gives a user of realm those of a client's roles that it lacks, and says which.
func (s *Setup) give(ctx context.Context, realm, client, user string, roles []string) (given []string, err error) {
	free, err := s.g.GetAvailableClientRolesByUserID(ctx, s.token, realm, client, user)
	if err != nil {
		return nil, fmt.Errorf("the roles on realm %s: %s", realm, apiFault(err))
	}
	var give []gocloak.Role
	for _, r := range free {
		if r.Name != nil && slices.Contains(roles, *r.Name) {
			give, given = append(give, *r), append(given, *r.Name)
		}
	}
	if len(give) == 0 {
		return nil, nil
	}
	if err := s.g.AddClientRolesToUser(ctx, s.token, realm, client, user, give); err != nil {
		return nil, fmt.Errorf("give roles on realm %s: %s", realm, apiFault(err))
	}
	return given, nil
}

// client is the UUID of a client of the administrators' realm; "" if there is none.
func (s *Setup) client(ctx context.Context, clientID string) (string, error) {
	return s.clientOf(ctx, adminRealm, clientID)
}

func (s *Setup) clientOf(ctx context.Context, realm, clientID string) (string, error) {
	found, err := s.g.GetClients(ctx, s.token, realm, gocloak.GetClientsParams{ClientID: &clientID})
	if err != nil {
		return "", fmt.Errorf("find the client %s: %s", clientID, apiFault(err))
	}
	for _, c := range found {
		if c.ClientID != nil && *c.ClientID == clientID {
			return *c.ID, nil
		}
	}
	return "", nil
}
