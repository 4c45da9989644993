//go:build truth

package truth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

// These are the rarer rows of keycloak.md's action table.

func init() {
	ofOne = append(ofOne, moreOfOne...)
}

var moreOfOne = []action{
	{"account console: signed out everywhere", 2, account(http.MethodDelete, func(*held, string) string { return "/sessions?current=true" })},
	{"account console: the other sessions signed out", 2, account(http.MethodDelete, func(*held, string) string { return "/sessions" })},
	{"account console: one session signed out", 3, account(http.MethodDelete, func(h *held, _ string) string {
		if h == nil {
			return "/sessions"
		}
		return "/sessions/" + h.Session
	})},
	{"account console: consent withdrawn", 3, account(http.MethodDelete, func(_ *held, client string) string { return "/applications/" + client + "/consent" })},
	{"new password, the other devices signed out or not", 4, newPassword},
	{"own account deleted", 1, func(w *world, p *person, _ *held, _ string) error {
		if p.gone {
			return nil
		}
		if err := w.mayDeleteThemselves(p); err != nil {
			return err
		}
		_, err := w.keycloak.NewBrowser().Authorize(w.ctx, "app", "", url.Values{"kc_action": {"delete_account"}},
			play.LoginForm(p.name), play.Form{Page: `id="kc-deleteaccount-form"`, Values: url.Values{}})
		return dead(err)
	}},
	{"an admin sets the password, the e-mail and a required action", 1, func(w *world, p *person, _ *held, _ string) error {
		return errors.Join(
			w.call(http.MethodPut, "/users/"+p.id+"/reset-password", map[string]any{"type": "password", "value": play.Password}, nil),
			w.call(http.MethodPut, "/users/"+p.id, map[string]any{"email": "new-" + p.name + "@example.org"}, nil))
	}},
	{"locked out for good by wrong passwords", 1, lockedOut},
	{"offline_access by a group instead of the default roles", 2, func(w *world, p *person, _ *held, _ string) error {
		group, err := w.offliners()
		if err != nil {
			return err
		}
		return errors.Join(w.call(http.MethodPut, "/users/"+p.id+"/groups/"+group, nil, nil), w.offlineRole(p, false))
	}},
	{"the group left, the default roles given back or not", 2, func(w *world, p *person, _ *held, _ string) error {
		group, err := w.offliners()
		if err != nil {
			return err
		}
		err = w.call(http.MethodDelete, "/users/"+p.id+"/groups/"+group, nil, nil)
		return errors.Join(err, w.offlineRole(p, w.rnd.Intn(2) == 0))
	}},
	{"the access token revoked", 2, onToken(func(w *world, _ *person, h *held) error {
		return w.keycloak.Revoke(w.ctx, play.Tokens{Client: h.Client, Refresh: h.Access})
	})},
	{"a client of their own, registered, disabled or not", 2, registeredClient},
	{"logged in and remembered", 3, func(w *world, p *person, _ *held, client string) error {
		if err := w.call(http.MethodPut, "", map[string]any{"rememberMe": true}, nil); err != nil {
			return err
		}
		t, err := w.keycloak.NewBrowser().Authorize(w.ctx, client, play.Offline, nil, play.LoginForm(p.name, "rememberMe"))
		return w.born(p, t, err)
	}},
}

// ofAllForAWhile are undone, at once or by the next round: what looks show may be left as it is. What comes of the passing
// of time alone (an idle time of a second) is legitimately "usable" until a refresh meets it, and must be over when
// verdicts are compared.
var ofAllForAWhile = []action{
	{"client renamed and back", 1, func(w *world, _ *person, _ *held, _ string) error { // not authapi's own
		return w.orLeft(
			func() error {
				return w.call(http.MethodPut, "/clients/"+w.uuid["app2"], map[string]any{"clientId": "app2-renamed"}, nil)
			},
			func() error { return w.client("app2", map[string]any{}) })
	}},
	{"offline_access taken from the default roles and given back", 1, func(w *world, _ *person, _ *held, _ string) error {
		composites := "/roles/" + w.defaultRoles() + "/composites"
		return w.roleForAWhile(composites)
	}},
	{"offline_access taken from the group and given back", 1, func(w *world, _ *person, _ *held, _ string) error {
		group, err := w.offliners()
		if err != nil {
			return err
		}
		return w.roleForAWhile("/groups/" + group + "/role-mappings/realm")
	}},
	{"offline_access taken from the client's scopes and given back", 1, func(w *world, _ *person, _ *held, client string) error {
		var scopes []struct{ ID, Name string }
		if err := w.call(http.MethodGet, "/client-scopes", nil, &scopes); err != nil {
			return err
		}
		for _, s := range scopes {
			if path := "/clients/" + w.uuid[client] + "/optional-client-scopes/" + s.ID; s.Name == play.Offline {
				return w.orLeft(
					func() error { return w.call(http.MethodDelete, path, nil, nil) },
					func() error { return w.call(http.MethodPut, path, nil, nil) })
			}
		}
		return errors.New("no client scope " + play.Offline)
	}},
	{"remember-me switched off and on", 1, func(w *world, _ *person, _ *held, _ string) error {
		rememberMe := func(on bool) func() error {
			return func() error { return w.call(http.MethodPut, "", map[string]any{"rememberMe": on}, nil) }
		}
		if w.jar == devstack.NoJar { // the admin API lists these sessions all the same (decisions/0005)
			return w.forAWhile(rememberMe(false), rememberMe(true))
		}
		return w.orLeft(rememberMe(false), rememberMe(true))
	}},
	{"idle time shortened and restored", 1, realmForAWhile(map[string]any{"offlineSessionIdleTimeout": 1}, map[string]any{"offlineSessionIdleTimeout": 2592000})},
	{"organisations switched on and off", 1, realmForAWhile(map[string]any{"organizationsEnabled": true}, map[string]any{"organizationsEnabled": false})},
	{"consent required and not any more", 1, func(w *world, _ *person, _ *held, client string) error {
		return w.orLeft(
			func() error { return w.client(client, map[string]any{"consentRequired": true}) },
			func() error { return w.client(client, map[string]any{"consentRequired": false}) })
	}},
	{"client made bearer-only and not any more", 1, func(w *world, _ *person, _ *held, _ string) error { // not authapi's own
		return w.orLeft(
			func() error { return w.client("app2", map[string]any{"bearerOnly": true}) },
			func() error { return w.client("app2", map[string]any{"bearerOnly": false}) })
	}},
	{"a second realm made and deleted", 1, func(w *world, _ *person, _ *held, _ string) error {
		name := fmt.Sprintf("other-%x", w.rnd.Int63())
		if err := w.keycloak.Admin.NewRealm(w.ctx, name); err != nil {
			return err
		}
		return w.keycloak.Admin.DeleteRealm(w.ctx, name)
	}},
}

// forAWhile does something and undoes it, soon or a little later.
func (w *world) forAWhile(do, undo func() error) error {
	if err := do(); err != nil {
		return err
	}
	play.Pause(w.ctx, time.Duration(w.rnd.Intn(1500))*time.Millisecond)
	return undo()
}

// orLeft does something and leaves it until the round is over, as people do, or undoes it as forAWhile.
func (w *world) orLeft(do, undo func() error) error {
	if w.rnd.Intn(2) == 0 {
		return w.forAWhile(do, undo)
	}
	w.everybody.tell("and it is left so")
	w.mu.Lock()
	w.left = append(w.left, undo)
	w.mu.Unlock()
	return do()
}

func realmForAWhile(do, undo map[string]any) func(*world, *person, *held, string) error {
	return func(w *world, _ *person, _ *held, _ string) error {
		return w.forAWhile(
			func() error { return w.call(http.MethodPut, "", do, nil) },
			func() error { return w.call(http.MethodPut, "", undo, nil) })
	}
}

func (w *world) roleForAWhile(path string) error {
	var role map[string]any
	if err := w.call(http.MethodGet, "/roles/"+play.Offline, nil, &role); err != nil {
		return err
	}
	return w.orLeft(
		func() error { return w.call(http.MethodDelete, path, []any{role}, nil) },
		func() error { return w.call(http.MethodPost, path, []any{role}, nil) })
}

// offliners is the group whose members have offline_access; the first to ask makes it. Two who gave
// it the role side by side would be refused.
func (w *world) offliners() (id string, err error) {
	w.making.Lock()
	defer w.making.Unlock()
	if w.group != "" {
		return w.group, nil
	}
	if err := w.call(http.MethodPost, "/groups", map[string]any{"name": "offliners"}, nil); err != nil {
		return "", err
	}
	var found []struct{ ID string }
	if err := w.call(http.MethodGet, "/groups?exact=true&search=offliners", nil, &found); err != nil || len(found) != 1 {
		return "", errors.Join(err, errors.New("no group"))
	}
	var role map[string]any
	if err := w.call(http.MethodGet, "/roles/"+play.Offline, nil, &role); err != nil {
		return "", err
	}
	err = w.call(http.MethodPost, "/groups/"+found[0].ID+"/role-mappings/realm", []any{role}, nil)
	if err == nil {
		w.group = found[0].ID
	}
	return w.group, err
}

// account calls the account console's API with an access token of a session made for it.
func account(method string, path func(h *held, client string) string) func(*world, *person, *held, string) error {
	return func(w *world, p *person, h *held, client string) error {
		t, err := w.keycloak.Grant(w.ctx, client, p.name, "")
		if err != nil {
			return dead(err)
		}
		_, err = w.ask(method, w.keycloak.URL+"/realms/"+url.PathEscape(w.keycloak.Realm)+"/account"+path(h, client), t.Access, nil)
		return err
	}
}

// ask sends JSON as the holder of a token; what is refused is an action, too.
func (w *world) ask(method, address, bearer string, body any) (out map[string]any, err error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(w.ctx, method, address, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 500 {
		return nil, fmt.Errorf("%s %s: %d", method, strings.TrimPrefix(address, w.keycloak.URL), res.StatusCode)
	}
	if res.StatusCode/100 == 2 && res.StatusCode != http.StatusNoContent {
		err = json.NewDecoder(res.Body).Decode(&out)
	}
	return out, err
}

// newPassword keeps the password the same: everybody's is.
func newPassword(w *world, p *person, _ *held, client string) error {
	form := play.Form{Page: `id="kc-passwd-update-form"`, Values: url.Values{"password-new": {play.Password}, "password-confirm": {play.Password}}}
	if w.rnd.Intn(3) > 0 {
		form.Values.Set("logout-sessions", "on")
	}
	_, err := p.browser.Authorize(w.ctx, client, "", url.Values{"kc_action": {"UPDATE_PASSWORD"}}, form, play.LoginForm(p.name))
	return dead(err)
}

// lockedOut leaves the protection on no longer than it takes: it refuses two logins of one user at
// the same time, which newborns make.
func lockedOut(w *world, p *person, _ *held, client string) error {
	err := w.call(http.MethodPut, "", map[string]any{"bruteForceProtected": true, "permanentLockout": true, "failureFactor": 3, "maxTemporaryLockouts": 0, "quickLoginCheckMilliSeconds": 0}, nil)
	if err != nil {
		return err
	}
	wrong := play.LoginForm(p.name)
	wrong.Values.Set("password", "wrong")
	for range 4 {
		if _, err := w.keycloak.NewBrowser().Authorize(w.ctx, client, "", nil, wrong); dead(err) != nil {
			return err
		}
	}
	play.Pause(w.ctx, 500*time.Millisecond) // Keycloak counts on a thread of its own
	return w.call(http.MethodPut, "", map[string]any{"bruteForceProtected": false}, nil)
}

func (w *world) mayDeleteThemselves(p *person) error {
	err := w.call(http.MethodPut, "/authentication/required-actions/delete_account", map[string]any{
		"alias": "delete_account", "name": "Delete Account", "providerId": "delete_account", "enabled": true, "defaultAction": false, "priority": 60, "config": map[string]any{},
	}, nil)
	if err != nil {
		return err
	}
	var clients []struct{ ID string }
	if err := w.call(http.MethodGet, "/clients?clientId=account", nil, &clients); err != nil || len(clients) != 1 {
		return errors.Join(err, fmt.Errorf("%d clients are called account", len(clients)))
	}
	var role map[string]any
	if err := w.call(http.MethodGet, "/clients/"+clients[0].ID+"/roles/delete-account", nil, &role); err != nil {
		return err
	}
	return w.call(http.MethodPost, "/users/"+p.id+"/role-mappings/clients/"+clients[0].ID, []any{role}, nil)
}

// registeredClient is made by dynamic registration, bears a token, and is changed by its own hand.
func registeredClient(w *world, p *person, _ *held, _ string) error {
	var first struct{ Token string }
	if err := w.call(http.MethodPost, "/clients-initial-access", map[string]any{"count": 1, "expiration": 600}, &first); err != nil {
		return err
	}
	name, address := fmt.Sprintf("own-%x", w.rnd.Int63()), w.keycloak.URL+"/realms/"+url.PathEscape(w.keycloak.Realm)+"/clients-registrations/default"
	rep := map[string]any{"clientId": name, "secret": w.keycloak.Secret, "publicClient": false, "directAccessGrantsEnabled": true, "redirectUris": []string{"http://127.0.0.1/*"}}
	made, err := w.ask(http.MethodPost, address, first.Token, rep)
	token, _ := made["registrationAccessToken"].(string)
	if err != nil || token == "" {
		return err
	}
	t, err := w.keycloak.Grant(w.ctx, name, p.name, play.Offline)
	if err = w.born(p, t, err); err != nil {
		return err
	}
	// Not deleted: a client that is gone before the worker learnt its UUID has a name that nobody
	// bears, and its token is in doubt until a refresh is refused.
	if w.rnd.Intn(3) > 0 {
		rep["enabled"] = false
		_, err = w.ask(http.MethodPut, address+"/"+name, token, rep)
	}
	return err
}
