//go:build record

package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

var scenesOfRealms = []scene{
	{"realm-not-before", "P1", func(r *recorder) {
		r.grant("it", "app")
		r.age()
		r.put("", map[string]any{"notBefore": time.Now().Unix()})
		r.grant("newer", "app")
		r.asks("raised")
		r.put("", map[string]any{"notBefore": 0})
		r.asks("lowered")
	}},
	{"realm-push-revocation", "P2", func(r *recorder) {
		r.grant("it", "app")
		r.post("/push-revocation", nil)
		r.asks("after the push")
	}},
	{"realm-logout-all", "P3", func(r *recorder) {
		r.grant("it", "app")
		r.age()
		r.post("/logout-all", map[string]any{})
		r.asks("after logout-all")
		r.put("", map[string]any{"notBefore": 0})
		r.asks("not-before lowered again")
	}},
	{"client-not-before", "P4", func(r *recorder) {
		r.grant("app's", "app")
		r.grant("app2's", "app2")
		r.age()
		r.change("app", map[string]any{"notBefore": time.Now().Unix()})
		r.asks("raised")
		r.change("app", map[string]any{"notBefore": 0})
		r.asks("lowered")
	}},
	{"client-push-revocation", "P5", func(r *recorder) {
		r.grant("it", "app")
		r.post("/clients/"+r.uuids["app"]+"/push-revocation", nil)
		r.asks("after the push")
	}},
	{"client-disabled-enabled", "P6", func(r *recorder) {
		r.grant("app's", "app")
		r.grant("app2's", "app2")
		r.change("app", map[string]any{"enabled": false})
		r.asks("disabled")
		r.change("app", map[string]any{"enabled": true})
		r.asks("enabled")
	}},
	{"client-deleted", "P7", func(r *recorder) {
		r.grant("app's", "app")
		r.grant("app2's", "app2")
		r.age()
		r.del("/clients/" + r.uuids["app"])
		r.asks("deleted")
	}},
	{"client-deleted-made-anew", "P7", func(r *recorder) {
		r.grant("old", "app")
		r.age()
		var rep map[string]any
		r.call(http.MethodGet, "/clients/"+r.uuids["app"], nil, &rep)
		r.del("/clients/" + r.uuids["app"])
		delete(rep, "id")
		rep["secret"] = r.k.Secret
		r.post("/clients", rep)
		r.quiet()
		r.uuids["the old app"] = r.uuids["app"]
		r.uuids["app"] = r.client("app")
		r.grant("new", "app")
		r.asks("made anew under the same client_id")
	}},
	{"client-registration-disabled", "P6", func(r *recorder) {
		c := r.register("registered")
		r.grant("it", "registered")
		r.registered(http.MethodPut, c, map[string]any{"enabled": false})
		r.asks("disabled by its registration")
		r.change("registered", map[string]any{"enabled": true}) // by an admin: a disabled client may not
		r.asks("enabled")
	}},
	{"client-registration-deleted", "P7", func(r *recorder) {
		c := r.register("registered")
		r.grant("it", "registered")
		r.grant("app's", "app")
		r.age()
		r.registered(http.MethodDelete, c, nil)
		r.asks("deleted by its registration")
	}},
	{"realm-disabled-enabled", "P8", func(r *recorder) {
		r.grant("it", "app")
		r.put("", map[string]any{"enabled": false})
		r.asks("disabled")
		r.put("", map[string]any{"enabled": true})
		r.asks("enabled")
	}},
	{"realm-deleted", "P9", func(r *recorder) {
		r.grant("it", "app")
		r.del("")
		r.asks("deleted, an event of the administrators' realm")
	}},
	{"consent-required", "P10", func(r *recorder) {
		r.grant("it", "app")
		r.change("app", map[string]any{"consentRequired": true})
		r.asks("required")
		r.change("app", map[string]any{"consentRequired": false})
		r.asks("not any more")
	}},
	{"consent-given-withdrawn", "P10", func(r *recorder) {
		r.change("app", map[string]any{"consentRequired": true})
		consent := play.Form{Page: `name="code"`, Values: url.Values{"accept": {"Yes"}}}
		b := r.k.NewBrowser()
		t, err := b.Authorize(r.ctx, "app", play.Offline, nil, play.LoginForm(person), consent)
		r.must(err)
		r.hold("it", t)
		r.asks("given")
		r.del("/users/" + r.user + "/consents/app")
		r.asks("withdrawn")
	}},
	{"consent-to-a-new-scope", "P10", func(r *recorder) {
		r.change("app", map[string]any{"consentRequired": true})
		consent := play.Form{Page: `name="code"`, Values: url.Values{"accept": {"Yes"}}}
		t, err := r.k.NewBrowser().Authorize(r.ctx, "app", play.Offline, nil, play.LoginForm(person), consent)
		r.must(err)
		r.hold("it", t)
		id := r.post("/client-scopes", map[string]any{
			"name": "calendar", "protocol": "openid-connect", "attributes": map[string]string{"display.on.consent.screen": "true"},
		})
		scope := "/clients/" + r.uuids["app"] + "/default-client-scopes/" + id
		r.put(scope, nil)
		r.asks("the client has one scope more")
		r.del(scope)
		r.asks("and has it no more")
	}},
	{"bearer-only", "P18", func(r *recorder) {
		r.grant("it", "app")
		r.change("app", map[string]any{"bearerOnly": true})
		r.asks("made bearer-only")
		r.change("app", map[string]any{"bearerOnly": false})
		r.asks("not any more")
	}},
	{"frontend-url", "P19", func(r *recorder) {
		r.grant("old", "app")
		r.put("", map[string]any{"attributes": map[string]string{"frontendUrl": "https://login.example"}})
		r.grant("new", "app")
		r.asks("the realm has an address of its own")
		r.put("", map[string]any{"attributes": map[string]string{"frontendUrl": ""}})
		r.asks("it has none any more")
	}},
	{"key-rotated", "P11", func(r *recorder) {
		r.grant("it", "app")
		for _, kind := range []string{"rsa-generated", "hmac-generated"} {
			old := r.component(kind)
			r.post("/components", map[string]any{
				"name": kind + "-new", "providerId": kind, "providerType": "org.keycloak.keys.KeyProvider", "parentId": r.realmID(),
				"config": map[string]any{"priority": []string{"200"}, "active": []string{"true"}, "enabled": []string{"true"}, "algorithm": old["config"].(map[string]any)["algorithm"]},
			})
			old["config"].(map[string]any)["active"] = []string{"false"}
			r.put("/components/"+old["id"].(string), old)
		}
		r.asks("the old keys are passive")
	}},
	{"key-disabled-enabled", "P12", func(r *recorder) {
		r.grant("it", "app")
		key := r.component("hmac-generated")
		key["config"].(map[string]any)["enabled"] = []string{"false"}
		r.put("/components/"+key["id"].(string), key)
		r.asks("disabled")
		key["config"].(map[string]any)["enabled"] = []string{"true"}
		r.put("/components/"+key["id"].(string), key)
		r.asks("enabled")
	}},
	{"key-deleted", "P12", func(r *recorder) {
		r.grant("it", "app")
		r.del("/components/" + r.component("hmac-generated")["id"].(string))
		r.asks("deleted")
	}},
	{"remember-me-off", "P15", func(r *recorder) {
		r.put("", map[string]any{"rememberMe": true})
		t, err := r.k.NewBrowser().Authorize(r.ctx, "app", play.Offline, nil, play.LoginForm(person, "rememberMe"))
		r.must(err)
		r.hold("remembered", t)
		r.hold("other", r.login(r.k.NewBrowser(), "app", play.Offline))
		r.asks("on")
		r.put("", map[string]any{"rememberMe": false})
		r.poke()
		r.asks("off")
		r.put("", map[string]any{"rememberMe": true})
		r.poke()
		r.asks("on again, after a refresh saw it")
	}},
	{"remember-me-off-and-on-unseen", "P15", func(r *recorder) {
		r.put("", map[string]any{"rememberMe": true})
		t, err := r.k.NewBrowser().Authorize(r.ctx, "app", play.Offline, nil, play.LoginForm(person, "rememberMe"))
		r.must(err)
		r.hold("remembered", t)
		r.put("", map[string]any{"rememberMe": false})
		r.poke()
		r.age()
		r.put("", map[string]any{"rememberMe": true})
		r.asks("on again, and no refresh saw it")
	}},
	{"client-renamed-back", "P17", func(r *recorder) {
		r.grant("app's", "app")
		r.change("app", map[string]any{"clientId": "app-new"})
		r.asks("renamed")
		r.change("app", map[string]any{"clientId": "app"})
		r.asks("renamed back")
	}},
}

func (r *recorder) realmID() string {
	r.Helper()
	var realm struct{ ID string }
	r.call(http.MethodGet, "", nil, &realm)
	return realm.ID
}

func (r *recorder) component(provider string) map[string]any {
	r.Helper()
	var all []map[string]any
	r.call(http.MethodGet, "/components?type=org.keycloak.keys.KeyProvider", nil, &all)
	for _, c := range all {
		if c["providerId"] == provider {
			return c
		}
	}
	r.Fatal("no key of " + provider)
	return nil
}

// registration is a client made by dynamic registration.
type registration struct {
	ID       string `json:"id"`
	ClientID string `json:"clientId"`
	Token    string `json:"registrationAccessToken"`
}

func (r *recorder) register(name string) *registration {
	r.Helper()
	var first struct{ Token string }
	r.call(http.MethodPost, "/clients-initial-access", map[string]any{"count": 1, "expiration": 600}, &first)
	c := &registration{ClientID: name, Token: first.Token}
	r.registered(http.MethodPost, c, map[string]any{
		"secret": r.k.Secret, "publicClient": false, "directAccessGrantsEnabled": true, "redirectUris": []string{"http://127.0.0.1/*"},
	})
	r.uuids[name] = c.ID
	return c
}

// registered calls the registration endpoint, as the client; each answer brings its next token.
func (r *recorder) registered(method string, c *registration, change map[string]any) {
	r.Helper()
	address := r.k.URL + "/realms/" + r.k.Realm + "/clients-registrations/default"
	body := map[string]any{"clientId": c.ClientID}
	if method != http.MethodPost {
		address += "/" + c.ClientID
		body["secret"] = r.k.Secret
	}
	for k, v := range change {
		body[k] = v
	}
	raw, err := json.Marshal(body)
	r.must(err)
	req, err := http.NewRequestWithContext(r.ctx, method, address, bytes.NewReader(raw))
	r.must(err)
	req.Header.Set("Authorization", "Bearer "+c.Token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	r.must(err)
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode/100 != 2 {
		r.Fatalf("%s %s: %d", method, strings.TrimPrefix(address, r.k.URL), res.StatusCode)
	}
	if method != http.MethodDelete {
		r.must(json.NewDecoder(res.Body).Decode(c))
	}
}
