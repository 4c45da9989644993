//go:build record

package main

import (
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
}
