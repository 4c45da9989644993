//go:build record

package main

import (
	"slices"
	"testing"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/play"
)

// Ensure looks are taken after Keycloak's own transaction of sessions: with birthDelayMS = "0" in
// internal/devstack/tuning.go a look at a birth then sees the newborn session, and with any delay a
// look at "sign out of other devices" sees none of those that have ended.
func TestLooksComeAfterTheSessions(t *testing.T) {
	env, err := devstack.EnvFromProcess()
	if err != nil || env.KeycloakURL == "" {
		t.Fatalf("this test needs a stack: make up (%v)", err)
	}
	const times = 20
	record(t, env, scene{"order", "", func(r *recorder) {
		for range times {
			b := r.k.NewBrowser()
			r.login(b, "app", play.Offline)
			r.login(b, "app2", play.Offline)
			form := play.Form{Page: `id="kc-passwd-update-form"`, Values: map[string][]string{"password-new": {play.Password}, "password-confirm": {play.Password}, "logout-sessions": {"on"}}}
			_, err := b.Authorize(r.ctx, "app", "", map[string][]string{"kc_action": {"UPDATE_PASSWORD"}}, form, play.LoginForm(person))
			r.must(err)
		}
		r.quiet()
		seen := map[string]int{}
		for _, raw := range r.messages {
			m, err := events.Decode(raw.Message)
			r.must(err)
			o, ok := m.Body.(*events.Observation)
			if !ok {
				continue
			}
			for _, c := range o.Causes {
				listed := slices.ContainsFunc(o.Rosters, func(ro events.Roster) bool {
					return slices.ContainsFunc(ro.Sessions, func(s events.ClientSession) bool { return s.Session == c.Session })
				})
				switch {
				case c.Type == "CODE_TO_TOKEN" && len(o.Rosters) > 0 && len(o.Rosters[0].Sessions) > 0:
					seen["births seen"]++
				case c.Type == "CODE_TO_TOKEN":
					seen["births missed"]++
				case c.Type == "LOGOUT" && listed:
					seen["deaths missed"]++
				case c.Type == "LOGOUT":
					seen["deaths seen"]++
				}
			}
		}
		r.Log(seen)
		r.grant("it", "app")
		r.asks("after all")
		if seen["deaths missed"] > 0 || seen["deaths seen"] == 0 {
			r.Errorf("%v", seen)
		}
	}})
}
