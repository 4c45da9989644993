package main

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

// heard is what one caller was told; version is the feed's, as the answer says.
type heard struct {
	door    string
	status  int
	version int64
}

// doors ask about a key in every way that a key can be asked about.
func (w *world) doors(e *envoy, key string, headers ...string) []func() heard {
	headers = append(headers, "Authorization", "Bearer "+key)
	web := func(method, path string, body any) func() heard {
		return func() heard {
			r := w.ask(method, path, body, headers...)
			version, _ := strconv.ParseInt(r.header.Get("Tokenstate-Version"), 10, 64)
			return heard{path, r.status, version}
		}
	}
	return []func() heard{
		web(http.MethodGet, "/api/v1/users/me", nil), web(http.MethodGet, "/v1/authorize", nil),
		web(http.MethodPost, "/v1/users/u/access-token", map[string]any{}),
		func() heard {
			r := e.check(headers...)
			if d := r.GetDeniedResponse(); d != nil {
				version, _ := strconv.ParseInt(headerOf(d.GetHeaders(), "Tokenstate-Version"), 10, 64)
				return heard{"ext_authz", int(d.GetStatus().GetCode()), version}
			}
			version, _ := strconv.ParseInt(r.GetDynamicMetadata().GetFields()["tokenstate_version"].GetStringValue(), 10, 64)
			return heard{"ext_authz", http.StatusOK, version}
		},
	}
}

// Ensure a key is decided about after the wait for the version that its caller must see, at every
// door, and that the answer names that version: what it took away does not open, and what it gave
// back is not refused.
func TestMinVersionJudgesAgain(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now())).want(t, http.StatusCreated)
	made := w.create(map[string]any{"name": "n", "scopes": []string{"access-token"}}).want(t, http.StatusCreated)
	w, other := w.replica(), w
	e := w.envoy()
	late := func(what string, want int, change func() reply) {
		t.Helper()
		var version int64
		doors, told := 0, make(chan heard, 4)
		w.lag(func() {
			r := change().want(t, http.StatusOK)
			version = int64(r.body["version"].(float64))
			for _, ask := range w.doors(e, made.text("key"), "Tokenstate-Min-Version", strconv.FormatInt(version, 10)) {
				doors++
				go func() { told <- ask() }()
			}
			select {
			case h := <-told:
				t.Errorf("%s: %s did not wait: %+v", what, h.door, h)
				doors--
			case <-time.After(200 * time.Millisecond):
			}
		})
		for range doors {
			if h := <-told; h.status != want || h.version < version {
				t.Errorf("%s: got %+v, want %d at %d", what, h, want, version)
			}
		}
	}
	standing := func(enabled bool) func() reply {
		return func() reply {
			return other.backend(http.MethodPost, "/v1/users/u/standing", map[string]any{"enabled": enabled, "reason": "r"})
		}
	}
	late("disable", http.StatusUnauthorized, standing(false))
	late("enable", http.StatusOK, standing(true))
	late("revoke", http.StatusUnauthorized, func() reply {
		return other.backend(http.MethodDelete, userKeys+"/"+made.text("id"), nil)
	})
	w.ask(http.MethodGet, "/api/v1/users/me", nil, "Authorization", "Bearer "+made.text("key"), "Tokenstate-Min-Version", "x").want(t, http.StatusBadRequest)
	w.ask(http.MethodGet, "/api/v1/users/me", nil, "Authorization", "Bearer nonsense", "Tokenstate-Min-Version", "999999").want(t, http.StatusUnauthorized)
}
