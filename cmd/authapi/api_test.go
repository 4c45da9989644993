package main

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func TestDecide(t *testing.T) {
	w := newWorld(t)
	key, at := w.mint("a"), now()
	w.put(offline("s", at))
	w.learn(tokenstate.CutoffRow{
		Scope: tokenstate.Scope{Realm: "demo", Session: "s"}, Cause: "c",
		Value: tokenstate.Cutoff{Before: at, At: 1, Tokens: true, Reason: tokenstate.ReasonOrder},
	})
	r := w.backend(http.MethodPost, "/v1/decide", map[string]any{"items": []any{
		map[string]any{"user_id": "u"},
		map[string]any{"user_id": "u", "client_id": "app", "session_id": "s", "issued_at": at - 1}, // an earlier generation
		map[string]any{"user_id": "u", "client_id": "app", "session_id": "s"},
		map[string]any{"user_id": "v", "client_id": "app", "session_id": "s"}, // not theirs
		map[string]any{"user_id": "nobody"},
		map[string]any{"api_key": key},
		map[string]any{"api_key": "nonsense"},
	}}).want(t, http.StatusOK)
	items, _ := r.body["items"].([]any)
	for i, want := range []string{"usable", "revoked", "usable", "unknown", "unknown", "usable", "unknown"} {
		if item := items[i].(map[string]any); item["state"] != want {
			t.Errorf("item %d: %v, want %s", i, item, want)
		}
	}
	if k := items[5].(map[string]any); k["active"] != true || k["user_id"] != "u" {
		t.Errorf("key: %v", k)
	}
	if k := items[6].(map[string]any); k["active"] != false || k["reason"] != "unknown" || k["user_id"] != nil {
		t.Errorf("unknown key: %v", k)
	}
	if _, err := strconv.ParseInt(r.header.Get("Tokenstate-Version"), 10, 64); err != nil || r.header.Get("Tokenstate-Age-Ms") == "" {
		t.Errorf("no ages: %v", r.header)
	}
	for name, item := range map[string]any{
		"both": map[string]any{"api_key": key, "user_id": "u"}, "none": map[string]any{},
		"session without client": map[string]any{"user_id": "u", "session_id": "s"}, "iat without session": map[string]any{"user_id": "u", "issued_at": 5},
	} {
		if r := w.backend(http.MethodPost, "/v1/decide", map[string]any{"items": []any{item}}); r.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, r.status)
		}
	}
	many := make([]any, 1001)
	for i := range many {
		many[i] = map[string]any{"user_id": "u"}
	}
	w.backend(http.MethodPost, "/v1/decide", map[string]any{"items": many}).want(t, http.StatusUnprocessableEntity)
}

// Ensure a reader waits for a version that it was told of, and only if it may ask at all.
func TestMinVersion(t *testing.T) {
	t.Parallel() // it waits for the five seconds that a version is waited for
	w := newWorld(t)
	ask := func(version, key string) reply {
		return w.ask(http.MethodPost, "/v1/decide", map[string]any{"items": []any{map[string]any{"user_id": "u"}}},
			"X-Service-API-Key", key, "Tokenstate-Min-Version", version)
	}
	ask("1", w.service).want(t, http.StatusOK)
	ask("x", w.service).want(t, http.StatusBadRequest)
	ask("999", "nonsense").want(t, http.StatusUnauthorized)
	ask("999", w.service).want(t, http.StatusServiceUnavailable, "reason", "version_not_reached")
}

// Ensure nothing is decided before a worker has confirmed that the log was read to its end.
func TestNotReady(t *testing.T) {
	w := newWorld(t)
	key := w.mint("a")
	must(t, w.store.Restored(t.Context()))
	w.credential("wake", "demo", gate.Scopes(), nil)
	for range 100 { // the epoch is read beside the feed
		if ok, _ := w.known.Ready(); !ok {
			break
		}
		w.credential("wake"+strconv.Itoa(len(w.known.ServiceKeys())), "demo", gate.Scopes(), nil)
	}
	w.me(key).want(t, http.StatusServiceUnavailable, "reason", "not_ready")
	w.backend(http.MethodPost, "/v1/decide", map[string]any{"items": []any{}}).want(t, http.StatusServiceUnavailable)
	w.ask(http.MethodGet, "/api/service/health", nil).want(t, http.StatusOK, "status", "starting")
}

func TestPaths(t *testing.T) {
	w := newWorld(t)
	w.ask(http.MethodGet, "/api/service/health", nil).want(t, http.StatusOK, "status", "ok")
	w.ask(http.MethodGet, "/nowhere", nil).want(t, http.StatusNotFound, "reason", "not_found")
	if r := w.ask(http.MethodPost, "/api/service/health", nil).want(t, http.StatusMethodNotAllowed); !strings.Contains(r.header.Get("Allow"), "GET") {
		t.Errorf("Allow: %v", r.header)
	}
}

// Ensure a fault of ours is 503, never an open door, and that neither answer nor log shows what
// was sent.
func TestPanicIsClosed(t *testing.T) {
	w := newWorld(t)
	key := w.mint("a")
	w.server.Gate.Peppers = nil
	w.server.Gate.Known = nil
	r := w.me(key).want(t, http.StatusServiceUnavailable, "reason", "internal")
	if strings.Contains(r.raw, key) || strings.Contains(w.log.String(), key[10:30]) {
		t.Error("the key is shown")
	}
}

// Ensure no log line holds a token, a key or a credential, whatever happened.
func TestLogsHoldNoSecret(t *testing.T) {
	w := newWorld(t)
	key := w.mint("a")
	w.put(offline("s", now()))
	w.access()
	w.idp.away = errAway
	w.put(offline("s2", now()))
	w.backend(http.MethodPost, "/v1/logout", map[string]any{"refresh_token": token(offline("s", now())), "revoke_offline": true})
	w.me(key[:len(key)-1])
	for _, secret := range []string{key[17:40], w.service[17:40], "Issuer", "access\""} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if w.log.String() == "" {
		t.Error("nothing was logged at all")
	}
}
