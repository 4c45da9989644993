package main

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure a replica that lags behind makes nothing out of what others have ended meanwhile: it reads
// the owner's standing and cutoffs in the transaction that writes.
func TestKeysOnALaggingReplica(t *testing.T) {
	w := newWorld(t)
	old := w.create(map[string]any{"name": "old"}).want(t, http.StatusCreated)
	system := w.mint("automation")
	late := w.replica()
	late.lag(func() {
		w.backend(http.MethodPost, "/v1/users/u/revoke?wait_ms=5000", map[string]any{"keys": true, "reason": "stolen"}).want(t, http.StatusOK)
		late.backend(http.MethodPost, userKeys+"/"+old.text("id")+"/rotate?wait_ms=1", nil).want(t, http.StatusConflict, "reason", "revoked")
		again := late.backend(http.MethodPost, "/api/service/users/u/orgs/o/api-keys?wait_ms=1", map[string]any{"name": "automation"}).want(t, http.StatusAccepted)
		if again.text("key") == system {
			t.Error("the dead system key was handed out again")
		}
		w.caughtUp()
		w.me(again.text("key")).want(t, http.StatusOK)
		made := late.backend(http.MethodPost, userKeys+"?wait_ms=1", map[string]any{"name": "new"}).want(t, http.StatusAccepted)
		w.caughtUp()
		w.me(made.text("key")).want(t, http.StatusOK)

		w.backend(http.MethodPost, "/v1/users/u/standing?wait_ms=5000", map[string]any{"enabled": false, "reason": "left"}).want(t, http.StatusOK)
		late.backend(http.MethodPost, userKeys+"?wait_ms=1", map[string]any{"name": "n"}).want(t, http.StatusConflict, "reason", "user_disabled")
		late.backend(http.MethodPost, userKeys+"/"+made.text("id")+"/rotate?wait_ms=1", nil).want(t, http.StatusConflict, "reason", "user_disabled")
		late.backend(http.MethodPost, "/api/service/users/u/orgs/o/api-keys?wait_ms=1", map[string]any{"name": "automation"}).want(t, http.StatusConflict, "reason", "user_disabled")
	})
}

// Ensure a later order wins and a revocation ends everything that is there when the database's clock
// was set back half a minute since.
func TestOrdersAfterTheClockWasSetBack(t *testing.T) {
	w := newWorld(t)
	ahead := time.Now().Add(30 * time.Second)
	dated := func(id string, o *events.Order) {
		t.Helper()
		o.By, o.User = "service:all", "u"
		_, err := w.store.Order(t.Context(), events.Message{ID: id, Realm: "demo", At: tokenstate.Millis(ahead.UnixMilli()), Source: events.Authapi, Body: o})
		must(t, err)
	}
	key := w.mint("automation")
	dated("order-of-before", &events.Order{Order: events.OrderStanding, Enabled: true, Reason: "r"})
	standing := func(enabled bool) {
		t.Helper()
		r := w.backend(http.MethodPost, "/v1/users/u/standing?wait_ms=5000", map[string]any{"enabled": enabled, "reason": "r"}).want(t, http.StatusOK)
		if r.body["applied"] != true || r.body["version"] == 0.0 {
			t.Errorf("nothing was written: %s", r.raw)
		}
	}
	standing(false)
	w.me(key).want(t, http.StatusUnauthorized, "reason", "user_disabled")
	standing(true)
	w.me(key).want(t, http.StatusOK)

	_, err := w.pool.Exec(t.Context(), "UPDATE tokenstate.api_key SET created_at = $1", ahead)
	must(t, err)
	iat := tokenstate.Seconds(ahead.Unix())
	w.put(offline("s", iat)).want(t, http.StatusCreated)
	again := w.replica() // knows the key as it is now
	r := again.backend(http.MethodPost, "/v1/users/u/revoke?wait_ms=5000", map[string]any{"keys": true, "tokens": true, "reason": "stolen"}).want(t, http.StatusOK)
	if reached := r.body["reached"].(map[string]any); reached["keys"] != 1.0 || reached["tokens"] != 1.0 {
		t.Errorf("reached: %s", r.raw)
	}
	again.me(key).want(t, http.StatusUnauthorized, "reason", "revoked")
	verdict := again.backend(http.MethodPost, "/v1/decide", map[string]any{"items": []any{map[string]any{"user_id": "u", "client_id": "app", "session_id": "s", "issued_at": iat}}})
	if item := verdict.body["items"].([]any)[0].(map[string]any); item["state"] != "revoked" {
		t.Errorf("a token that is dated ahead: %s", verdict.raw)
	}
	late := again.backend(http.MethodPost, "/api/service/users/u/orgs/o/api-keys", map[string]any{"name": "automation"})
	late.want(t, http.StatusServiceUnavailable, "reason", "keys_cut_off")
	if n, _ := strconv.Atoi(late.header.Get("Retry-After")); n < 20 || n > 31 {
		t.Errorf("Retry-After: %v", late.header)
	}
}
