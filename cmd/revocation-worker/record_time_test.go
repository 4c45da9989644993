//go:build record

package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// clientLifespan sets one of app's own lifespans, in seconds.
func (r *recorder) clientLifespan(what, seconds string) {
	r.Helper()
	r.change("app", map[string]any{"attributes": map[string]any{what: seconds}})
}

var scenesOfTime = []scene{
	{"idle-of-realm", "E1", func(r *recorder) {
		r.put("", map[string]any{"offlineSessionIdleTimeout": 2})
		r.grant("it", "app")
		play.Pause(r.ctx, 5*time.Second)
		r.poke()
		r.asks("idle for longer than allowed")
	}},
	{"idle-of-realm-raised-again", "E1", func(r *recorder) {
		r.put("", map[string]any{"offlineSessionIdleTimeout": 2})
		r.grant("it", "app")
		play.Pause(r.ctx, 5*time.Second)
		r.poke()
		r.age()
		r.put("", map[string]any{"offlineSessionIdleTimeout": 2592000})
		r.poke()
		r.asks("idle for longer than allowed, then allowed again")
	}},
	{"idle-of-realm-shortened-and-restored", "E1", func(r *recorder) {
		r.grant("it", "app")
		r.put("", map[string]any{"offlineSessionIdleTimeout": 2})
		play.Pause(r.ctx, 5*time.Second)
		r.put("", map[string]any{"offlineSessionIdleTimeout": 2592000})
		r.asks("shortened and restored, and nobody looked")
	}},
	{"idle-of-realm-restored-after-a-look", "E1", func(r *recorder) {
		r.grant("it", "app")
		r.put("", map[string]any{"offlineSessionIdleTimeout": 2})
		play.Pause(r.ctx, 5*time.Second)
		r.poke()
		r.age()
		r.put("", map[string]any{"offlineSessionIdleTimeout": 2592000})
		r.asks("restored after a look, and nothing else tells")
	}},
	{"idle-of-realm-kept-alive", "E1", func(r *recorder) {
		r.put("", map[string]any{"offlineSessionIdleTimeout": 6})
		t := r.grant("it", "app")
		for range 3 {
			play.Pause(r.ctx, 3*time.Second)
			_, err := r.k.Refresh(r.ctx, t.Tokens)
			r.must(err)
		}
		r.poke()
		r.asks("refreshed now and then")
	}},
	{"max-of-realm", "E2", func(r *recorder) {
		r.put("", map[string]any{"offlineSessionMaxLifespanEnabled": true, "offlineSessionMaxLifespan": 3})
		r.grant("it", "app")
		play.Pause(r.ctx, 5*time.Second)
		r.poke()
		r.asks("older than allowed")
	}},
	{"max-of-realm-lowered", "E2", func(r *recorder) {
		r.grant("it", "app") // carries no exp
		play.Pause(r.ctx, 5*time.Second)
		r.put("", map[string]any{"offlineSessionMaxLifespanEnabled": true, "offlineSessionMaxLifespan": 3})
		r.poke()
		r.asks("the maximum was lowered below its age")
	}},
	{"idle-of-client", "E3", func(r *recorder) {
		r.clientLifespan("client.offline.session.idle.timeout", "2")
		r.grant("app's", "app")
		r.grant("app2's", "app2")
		play.Pause(r.ctx, 5*time.Second)
		r.poke()
		r.asks("idle for longer than the client allows")
	}},
	{"max-of-client", "E3", func(r *recorder) {
		r.put("", map[string]any{"offlineSessionMaxLifespanEnabled": true, "offlineSessionMaxLifespan": 5184000})
		r.grant("before the client's own", "app")
		r.clientLifespan("client.offline.session.max.lifespan", "3")
		r.grant("app's", "app")
		r.grant("app2's", "app2")
		play.Pause(r.ctx, 5*time.Second)
		r.poke()
		r.asks("older than the client allows")
	}},
	{"idle-of-client-restored-after-a-look", "E3", func(r *recorder) {
		r.grant("app's", "app")
		r.grant("app2's", "app2")
		r.clientLifespan("client.offline.session.idle.timeout", "2")
		play.Pause(r.ctx, 5*time.Second)
		r.poke()
		r.age()
		r.clientLifespan("client.offline.session.idle.timeout", "")
		r.asks("restored after a look, and nothing else tells")
	}},
	{"max-of-client-restored-after-a-look", "E3", func(r *recorder) {
		r.put("", map[string]any{"offlineSessionMaxLifespanEnabled": true, "offlineSessionMaxLifespan": 5184000})
		r.grant("app's", "app")
		r.grant("app2's", "app2")
		r.clientLifespan("client.offline.session.max.lifespan", "3")
		play.Pause(r.ctx, 5*time.Second)
		r.poke()
		r.age()
		r.clientLifespan("client.offline.session.max.lifespan", "")
		r.asks("restored after a look, and nothing else tells")
	}},
	{"rotation", "E4", func(r *recorder) {
		r.put("", map[string]any{"revokeRefreshToken": true, "refreshTokenMaxReuse": 0})
		old := r.grant("old", "app")
		r.grant("another session", "app")
		r.age()
		t, err := r.k.Refresh(r.ctx, old.Tokens)
		r.must(err)
		r.held = r.held[1:]
		r.hold("newest", t)
		r.asks("rotated")
	}},
	{"rotation-reuse", "E4", func(r *recorder) {
		r.put("", map[string]any{"revokeRefreshToken": true, "refreshTokenMaxReuse": 0})
		old := r.grant("old", "app")
		r.age()
		t, err := r.k.Refresh(r.ctx, old.Tokens)
		r.must(err)
		r.hold("newest", t)
		r.age()
		_, err = r.k.Refresh(r.ctx, old.Tokens)
		r.Logf("the trap: %v", err)
		r.age() // so that the family's end is seen late enough
		r.poke()
		r.asks("the old one was used again")
	}},
	{"rotation-off-again", "E4", func(r *recorder) {
		r.put("", map[string]any{"revokeRefreshToken": true, "refreshTokenMaxReuse": 0})
		old := r.grant("old", "app")
		r.age()
		t, err := r.k.Refresh(r.ctx, old.Tokens)
		r.must(err)
		r.hold("newest", t)
		r.put("", map[string]any{"revokeRefreshToken": false})
		r.asks("rotation was switched off before the old one was used")
	}},
	{"refused-to-another-client", "E5", func(r *recorder) {
		t := r.grant("it", "app")
		for range 3 { // the first is told at once, the others together
			r.refused(play.Tokens{Client: "app2", Refresh: t.Refresh})
		}
		r.asks("another client was refused with it")
	}},
	{"refused-as-stale", "E5", func(r *recorder) {
		t := r.grant("it", "app")
		r.age()
		r.put("", map[string]any{"notBefore": time.Now().Unix()})
		r.refused(t.Tokens) // names neither user nor session
		r.asks("refused as stale")
		r.put("", map[string]any{"notBefore": 0})
		r.asks("lowered")
	}},
	{"introspected", "E8", func(r *recorder) {
		t := r.grant("it", "app")
		r.age()
		r.introspect(t.Tokens)
		r.asks("introspected")
	}},
	{"introspected-moves-no-idle-clock", "E8", func(r *recorder) {
		r.put("", map[string]any{"offlineSessionIdleTimeout": 6})
		t := r.grant("it", "app")
		for range 3 {
			play.Pause(r.ctx, 3*time.Second)
			r.introspect(t.Tokens)
		}
		r.poke()
		r.asks("introspected now and then, and never refreshed")
	}},
}

// refused refreshes what Keycloak must refuse.
func (r *recorder) refused(t play.Tokens) {
	r.Helper()
	_, err := r.k.Refresh(r.ctx, t)
	if _, ok := errors.AsType[*play.RefusedError](err); !ok {
		r.Fatalf("not refused: %v", err)
	}
	r.Logf("refused: %v", err)
}

// introspect asks about a token as its own client.
func (r *recorder) introspect(t play.Tokens) {
	r.Helper()
	form := url.Values{"client_id": {t.Client}, "client_secret": {r.k.Secret}, "token": {t.Refresh}, "token_type_hint": {"refresh_token"}}
	res, err := http.PostForm(r.k.URL+"/realms/"+r.k.Realm+"/protocol/openid-connect/token/introspect", form)
	r.must(err)
	defer func() { _ = res.Body.Close() }()
	var said struct{ Active bool }
	r.must(json.NewDecoder(res.Body).Decode(&said))
	r.Logf("introspected: %d, active: %v", res.StatusCode, said.Active)
}
