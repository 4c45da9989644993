//go:build record

package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"github.com/tokenstate/tokenstate/internal/play"
)

// guest is a user of the upstream realm, whom the scene's realm learns of by brokering.
const guest = "bob"

// upstream makes a second realm, and the scene's realm a broker of it.
func (r *recorder) upstream(revokeOffline bool) {
	r.Helper()
	k := *r.k
	k.Realm += "-up"
	r.up = &k
	r.realm(k.Realm)
	_, err := r.up.NewUser(r.ctx, guest)
	r.must(err)
	_, err = r.up.Call(r.ctx, http.MethodPost, "/clients", map[string]any{
		"clientId": "downstream", "secret": k.Secret, "redirectUris": []string{k.URL + "/*"},
		"attributes": map[string]any{
			"backchannel.logout.url":                   k.URL + "/realms/" + r.k.Realm + "/protocol/openid-connect/logout/backchannel-logout",
			"backchannel.logout.session.required":      "true",
			"backchannel.logout.revoke.offline.tokens": fmt.Sprint(revokeOffline),
		},
	}, nil)
	r.must(err)
	oidc := k.URL + "/realms/" + k.Realm + "/protocol/openid-connect"
	r.post("/identity-provider/instances", map[string]any{
		"alias": "up", "providerId": "keycloak-oidc", "enabled": true, "trustEmail": true,
		"config": map[string]any{
			"authorizationUrl": oidc + "/auth", "tokenUrl": oidc + "/token", "userInfoUrl": oidc + "/userinfo", "logoutUrl": oidc + "/logout",
			"jwksUrl": oidc + "/certs", "useJwksUrl": "true", "validateSignature": "true", "issuer": k.URL + "/realms/" + k.Realm,
			"clientId": "downstream", "clientSecret": k.Secret, "clientAuthMethod": "client_secret_post", "defaultScope": "openid profile email", "syncMode": "IMPORT",
		},
	})
}

// brokered logs the guest in through the upstream realm.
func (r *recorder) brokered(b *play.Browser, client, scope string) play.Tokens {
	r.Helper()
	t, err := b.Authorize(r.ctx, client, scope, url.Values{"kc_idp_hint": {"up"}}, play.LoginForm(guest))
	r.must(err)
	return t
}

// leaveUpstream has the guest logged out there, which tells the broker over the back channel.
func (r *recorder) leaveUpstream() {
	r.Helper()
	var found []struct{ ID string }
	_, err := r.up.Call(r.ctx, http.MethodGet, "/users?username="+guest, nil, &found)
	r.must(err)
	_, err = r.up.Call(r.ctx, http.MethodPost, "/users/"+found[0].ID+"/logout", map[string]any{}, nil)
	r.must(err)
}

// organization makes one that is enabled, with the guest's e-mail domain.
func (r *recorder) organization() (id string, set func(enabled bool)) {
	r.Helper()
	r.put("", map[string]any{"organizationsEnabled": true})
	rep := map[string]any{"name": "acme", "alias": "acme", "enabled": true, "domains": []any{map[string]any{"name": "example.org", "verified": true}}}
	id = r.post("/organizations", rep)
	return id, func(enabled bool) {
		rep["enabled"], rep["id"] = enabled, id
		r.put("/organizations/"+id, rep)
	}
}

// managed makes the guest a member that the organisation's own provider brought.
func (r *recorder) managed() (org string, set func(enabled bool)) {
	r.Helper()
	r.upstream(false)
	org, set = r.organization()
	var rep map[string]any
	r.call(http.MethodGet, "/identity-provider/instances/up", nil, &rep)
	maps.Copy(rep["config"].(map[string]any), map[string]any{"kc.org.domain": "example.org", "kc.org.broker.redirect.mode.email-matches": "true"})
	r.put("/identity-provider/instances/up", rep)
	r.post("/organizations/"+org+"/identity-providers", "up")
	t, err := r.k.NewBrowser().Authorize(r.ctx, "app", play.Offline, nil, play.LoginForm(guest+"@example.org"))
	r.must(err)
	h := r.hold("the member's", t)
	r.grant("somebody else's", "app")
	var member struct{ MembershipType string }
	r.call(http.MethodGet, "/organizations/"+org+"/members/"+h.User, nil, &member)
	if member.MembershipType != "MANAGED" {
		r.Fatalf("the guest is %s", member.MembershipType)
	}
	return org, set
}

var scenesOfProviders = []scene{
	{"upstream-logout-revokes-offline", "L6", func(r *recorder) {
		r.upstream(true)
		b := r.k.NewBrowser()
		r.brokered(b, "app", "")
		r.hold("beside an online session", r.brokered(b, "app", play.Offline))
		r.age()
		r.leaveUpstream()
		r.asks("logged out upstream")
	}},
	{"upstream-logout-revokes-offline-alone", "L6", func(r *recorder) {
		r.upstream(true)
		r.hold("without an online session", r.brokered(r.k.NewBrowser(), "app", play.Offline))
		r.age()
		r.leaveUpstream()
		r.asks("logged out upstream")
	}},
	{"upstream-logout", "L7", func(r *recorder) {
		r.upstream(false)
		b := r.k.NewBrowser()
		r.brokered(b, "app", "")
		r.hold("beside an online session", r.brokered(b, "app", play.Offline))
		r.age()
		r.leaveUpstream()
		r.asks("logged out upstream")
	}},
	{"provider-removed", "P13", func(r *recorder) {
		r.upstream(false)
		r.hold("the guest's", r.brokered(r.k.NewBrowser(), "app", play.Offline))
		r.grant("somebody else's", "app")
		r.age()
		r.del("/identity-provider/instances/up")
		r.asks("removed")
		r.asks("after a refresh saw it")
	}},
	{"provider-disabled", "P13", func(r *recorder) {
		r.upstream(false)
		r.hold("the guest's", r.brokered(r.k.NewBrowser(), "app", play.Offline))
		var rep map[string]any
		r.call(http.MethodGet, "/identity-provider/instances/up", nil, &rep)
		rep["enabled"] = false
		r.put("/identity-provider/instances/up", rep)
		r.asks("disabled")
	}},
	{"provider-link-removed", "P14", func(r *recorder) {
		r.upstream(false)
		h := r.hold("the guest's", r.brokered(r.k.NewBrowser(), "app", play.Offline))
		r.age()
		r.del("/users/" + h.User + "/federated-identity/up")
		r.asks("the link was removed")
	}},
	{"organization-disabled-enabled", "P16", func(r *recorder) {
		_, set := r.managed()
		set(false)
		r.asks("disabled")
		set(true)
		r.asks("enabled")
	}},
	{"organization-deleted", "P16", func(r *recorder) {
		org, _ := r.managed()
		r.age()
		r.del("/organizations/" + org)
		r.asks("deleted")
	}},
	{"organization-member-removed", "P16", func(r *recorder) {
		org, _ := r.managed()
		r.age()
		r.del("/organizations/" + org + "/members/" + r.held[0].User)
		r.asks("removed: a managed member goes with it")
	}},
	{"organizations-switched-off", "P16", func(r *recorder) {
		r.managed()
		r.put("", map[string]any{"organizationsEnabled": false})
		r.asks("off")
		r.put("", map[string]any{"organizationsEnabled": true})
		r.asks("on")
	}},
	{"organization-of-token", "P16", func(r *recorder) {
		org, set := r.organization()
		r.post("/organizations/"+org+"/members", r.user)
		t, err := r.k.Grant(r.ctx, "app", person, play.Offline+" organization:acme")
		r.must(err)
		r.hold("for the organisation", t)
		r.grant("for nobody", "app")
		set(false)
		r.asks("disabled")
		set(true)
		r.asks("enabled")
		r.del("/organizations/" + org + "/members/" + r.user)
		r.asks("left")
		r.post("/organizations/"+org+"/members", r.user)
		r.asks("member again")
		r.del("/organizations/" + org)
		r.asks("deleted")
	}},
}
