//go:build record

package main

import (
	"net/http"
	"net/url"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// twoInOne logs one browser in with both clients: one sid. An online page keeps it alive.
func (r *recorder) twoInOne() (b *play.Browser, one, two *heldToken) {
	b = r.k.NewBrowser()
	r.login(b, "app", "")
	one = r.hold("app's", r.login(b, "app", play.Offline))
	two = r.hold("app2's", r.login(b, "app2", play.Offline))
	if one.Session != two.Session {
		r.Fatal("two sids")
	}
	return b, one, two
}

var scenesOfSessions = []scene{
	{"login-grant", "E7", func(r *recorder) {
		r.grant("it", "app")
		r.asks("after the login")
	}},
	{"login-browser", "E7", func(r *recorder) {
		r.hold("it", r.login(r.k.NewBrowser(), "app", play.Offline))
		r.asks("after the login")
	}},
	{"refresh", "E6", func(r *recorder) {
		old := r.grant("old", "app")
		t, err := r.k.Refresh(r.ctx, old.Tokens)
		r.must(err)
		r.hold("new", t)
		r.asks("after the refresh")
	}},
	{"browser-logout", "L1", func(r *recorder) {
		b := r.k.NewBrowser()
		on := r.login(b, "app", "")
		r.hold("offline, same sid", r.login(b, "app", play.Offline))
		r.age()
		r.must(b.Logout(r.ctx, on))
		r.asks("after the logout")
	}},
	{"browser-logout-first-offline", "L2", func(r *recorder) {
		b := r.k.NewBrowser()
		t := r.hold("it", r.login(b, "app", play.Offline))
		r.age()
		if err := b.Logout(r.ctx, t.Tokens); err != nil {
			r.Logf("the logout: %v", err)
		}
		r.asks("after the logout")
	}},
	{"logout-online", "L3", func(r *recorder) {
		b := r.k.NewBrowser()
		on := r.login(b, "app", "")
		r.hold("offline, same sid", r.login(b, "app", play.Offline))
		r.age()
		r.must(r.k.Logout(r.ctx, on))
		r.asks("after the logout")
	}},
	{"logout-offline", "L4", func(r *recorder) {
		_, one, _ := r.twoInOne()
		r.grant("another session", "app")
		r.age()
		r.must(r.k.Logout(r.ctx, one.Tokens))
		r.asks("after the logout")
	}},
	{"logout-again", "L5", func(r *recorder) {
		t := r.grant("it", "app")
		r.grant("another session", "app")
		r.age()
		r.must(r.k.Logout(r.ctx, t.Tokens))
		r.quiet()
		r.must(r.k.Logout(r.ctx, t.Tokens))
		r.asks("after both")
	}},
	{"revoke-offline", "R1", func(r *recorder) {
		_, one, _ := r.twoInOne()
		r.age()
		r.must(r.k.Revoke(r.ctx, one.Tokens))
		r.asks("after the revocation")
	}},
	{"revoke-online", "R2", func(r *recorder) {
		b := r.k.NewBrowser()
		on := r.login(b, "app", "")
		r.hold("offline, same sid", r.login(b, "app", play.Offline))
		r.age()
		r.must(r.k.Revoke(r.ctx, on))
		r.asks("after the revocation")
	}},
	{"revoke-access", "R3", func(r *recorder) {
		t := r.grant("it", "app")
		r.age()
		r.must(r.k.Revoke(r.ctx, play.Tokens{Client: "app", Refresh: t.Access}))
		r.asks("after the revocation")
	}},
	{"revoke-dead", "R4", func(r *recorder) {
		t := r.grant("it", "app")
		r.grant("another session", "app")
		r.age()
		r.must(r.k.Logout(r.ctx, t.Tokens))
		r.quiet()
		if err := r.k.Revoke(r.ctx, t.Tokens); err != nil {
			r.Logf("the revocation: %v", err)
		}
		r.asks("after the revocation of the dead")
	}},
	{"again-at-once", "A7", func(r *recorder) {
		b := r.k.NewBrowser()
		r.login(b, "app2", "")
		one := r.login(b, "app", play.Offline)
		r.must(r.k.Revoke(r.ctx, one))
		again := r.login(b, "app", play.Offline)
		r.hold("it", one)
		r.hold("again", again)
		r.asks("by SSO at once: the old token lives again")
	}},
	{"again-later", "A7", func(r *recorder) {
		b, one, _ := r.twoInOne()
		r.age()
		r.must(r.k.Revoke(r.ctx, one.Tokens))
		play.Pause(r.ctx, 3*time.Second)
		r.hold("app's again", r.login(b, "app", play.Offline))
		r.asks("by SSO after a pause")
	}},
	{"again-after-consent", "A7", func(r *recorder) {
		b, _, _ := r.twoInOne()
		r.age()
		r.del("/users/" + r.user + "/consents/app")
		play.Pause(r.ctx, 3*time.Second)
		r.hold("app's again", r.login(b, "app", play.Offline))
		r.asks("by SSO after a pause")
	}},
	{"again-whole-session", "A7", func(r *recorder) {
		b := r.k.NewBrowser()
		r.login(b, "app2", "")
		t := r.hold("it", r.login(b, "app", play.Offline))
		r.age()
		r.must(r.k.Revoke(r.ctx, t.Tokens))
		r.asks("after the revocation")
		r.hold("again", r.login(b, "app", play.Offline))
		r.asks("by SSO")
	}},
	{"account-sign-out-all", "C1", func(r *recorder) {
		t := r.grant("the caller's", "app")
		r.grant("another", "app2")
		r.age()
		r.account(t.Tokens, http.MethodDelete, "/sessions?current=true")
		r.asks("after the sign-out")
	}},
	{"account-sign-out-others", "C1", func(r *recorder) {
		t := r.grant("the caller's", "app")
		r.grant("another", "app2")
		r.age()
		r.account(t.Tokens, http.MethodDelete, "/sessions")
		r.asks("after the sign-out of the others")
	}},
	{"account-sign-out-one", "C2", func(r *recorder) {
		t := r.grant("the caller's", "app")
		o := r.grant("another", "app")
		r.age()
		r.account(t.Tokens, http.MethodDelete, "/sessions/"+o.Session)
		r.asks("after the sign-out of one")
	}},
	{"account-sign-out-one-with-both", "C2", func(r *recorder) {
		t := r.grant("the caller's", "app")
		_, one, _ := r.twoInOne()
		r.age()
		r.account(t.Tokens, http.MethodDelete, "/sessions/"+one.Session)
		r.asks("after the sign-out of one")
	}},
	{"account-consent", "C3", func(r *recorder) {
		r.grant("app's", "app")
		r.grant("app's other", "app")
		t := r.grant("app2's", "app2")
		r.age()
		r.account(t.Tokens, http.MethodDelete, "/applications/app/consent")
		r.asks("after the consent was withdrawn")
	}},
	{"account-consent-nothing", "C3", func(r *recorder) {
		t := r.grant("it", "app")
		r.age()
		r.account(t.Tokens, http.MethodDelete, "/applications/app2/consent")
		r.asks("after a consent that was none")
	}},
	{"password-sign-out-others", "C4", func(r *recorder) { r.newPassword(true) }},
	{"password-only", "C5", func(r *recorder) { r.newPassword(false) }},
	{"account-delete", "C6", func(r *recorder) {
		r.put("/authentication/required-actions/delete_account", map[string]any{
			"alias": "delete_account", "name": "Delete Account", "providerId": "delete_account", "enabled": true, "defaultAction": false, "priority": 60, "config": map[string]any{},
		})
		var role map[string]any
		account := r.client("account")
		r.call(http.MethodGet, "/clients/"+account+"/roles/delete-account", nil, &role)
		r.call(http.MethodPost, "/users/"+r.user+"/role-mappings/clients/"+account, []any{role}, nil)
		r.grant("it", "app")
		r.age()
		_, err := r.k.NewBrowser().Authorize(r.ctx, "app", "", url.Values{"kc_action": {"delete_account"}},
			play.LoginForm(person), play.Form{Page: `id="kc-deleteaccount-form"`, Values: url.Values{}})
		r.Logf("the deletion ends with %v", err)
		r.asks("after the account was deleted")
	}},
}

// newPassword changes the password by kc_action, in the browser of one of two sessions.
func (r *recorder) newPassword(others bool) {
	r.Helper()
	b := r.k.NewBrowser()
	r.login(b, "app", "")
	r.hold("this browser's", r.login(b, "app", play.Offline))
	r.grant("another", "app")
	r.age()
	form := play.Form{Page: `id="kc-passwd-update-form"`, Values: url.Values{"password-new": {play.Password + "x"}, "password-confirm": {play.Password + "x"}}}
	if others {
		form.Values.Set("logout-sessions", "on")
	}
	_, err := b.Authorize(r.ctx, "app", "", url.Values{"kc_action": {"UPDATE_PASSWORD"}}, form, play.LoginForm(person))
	r.must(err)
	r.asks("after the new password")
}
