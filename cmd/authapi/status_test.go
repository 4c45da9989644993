package main

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/authapi/idp"
)

// Ensure the condition is told to whoever may explain: the same sentence as on the console's first page, with the rights that
// authapi has, and no name of a realm that is not the caller's.
func TestStatus(t *testing.T) {
	w := newWorld(t)
	pages, _ := w.withConsole()
	must(t, w.store.NoteVerify(t.Context(), "operator ann", false, "1 journal lines: 1 facts missing"))
	_, err := w.pool.Exec(t.Context(), `INSERT INTO tokenstate.backfill (realm, upto_ms, missed_ms) VALUES ('demo', 1, 1), ('elsewhere', 1, 1);
		INSERT INTO tokenstate.parked (stream_created, seq, received_ms, subject, reason, raw) VALUES (now(), 7, 1, 's', 'r', 'x')`)
	must(t, err)
	r := w.backend(http.MethodGet, "/v1/status", nil).want(t, http.StatusOK, "level", "bad")
	said := r.text("sentence")
	if !strings.Contains(said, "demo, another realm") || strings.Contains(r.raw, "elsewhere") {
		t.Errorf("the sentence: %s", said)
	}
	for _, part := range []string{`"parked":1,`, `"worker_active":false`, `"by":"operator ann","sound":false,"found":"1 journal lines: 1 facts missing"`} {
		if !strings.Contains(r.raw, part) {
			t.Errorf("the answer lacks %s: %s", part, r.raw)
		}
	}
	w.eventually("the first page says the same", func() bool {
		return strings.Contains(w.page(pages, "/", nil), "parked 1 messages")
	})
	few := w.credential("few", "demo", []string{"decide"}, nil)
	w.as(few, http.MethodGet, "/v1/status", nil).want(t, http.StatusForbidden, "reason", "insufficient_scope")
}

// Ensure a check that nobody has made is missing from the answer: /openapi.json says that it is an object, and null is none.
func TestStatusWithoutACheck(t *testing.T) {
	w := newWorld(t)
	if r := w.backend(http.MethodGet, "/v1/status", nil).want(t, http.StatusOK); strings.Contains(r.raw, `"verified"`) || strings.Contains(r.raw, `"log":null`) {
		t.Error(r.raw)
	}
}

// Ensure whoever may explain finds users by an e-mail address, which is in no log and no audit, and that a search that would
// harm users is not made.
func TestUsersByEmail(t *testing.T) {
	w := newWorld(t)
	const email = "ann@example.org"
	l := &links{users: map[string]string{email: "u"}}
	demo := w.server.Gate.Realms["demo"]
	demo.Federation = l
	w.server.Gate.Realms["demo"] = demo
	find := func(email string) reply {
		return w.backend(http.MethodPost, "/v1/users/by-email", map[string]any{"email": email})
	}
	if r := find(email).want(t, http.StatusOK); !strings.Contains(r.raw, `"user_ids":["u"]`) || strings.Contains(r.raw, email) {
		t.Errorf("%s", r.raw)
	}
	if r := find("bob@example.org").want(t, http.StatusOK); !strings.Contains(r.raw, `"user_ids":[]`) {
		t.Errorf("%s", r.raw)
	}
	for _, bad := range []string{"ann", "a b@c", "@", strings.Repeat("x", 300) + "@y", "a\x02b@c", "a@b\x7f"} {
		find(bad).want(t, http.StatusUnprocessableEntity, "reason", "invalid_request")
	}
	l.fault = idp.ErrUserStore
	find(email).want(t, http.StatusConflict, "reason", "user_store")
	l.fault = errors.New("away")
	find(email).want(t, http.StatusServiceUnavailable, "reason", "identity_provider_unavailable")
	w.server.Flush(t.Context())
	var kept int
	must(t, w.pool.QueryRow(t.Context(), "SELECT count(*) FROM tokenstate.act WHERE act::text LIKE '%ann@%'").Scan(&kept))
	if kept != 0 {
		t.Errorf("the audit has the address %d times", kept)
	}
	few := w.credential("few", "demo", []string{"decide"}, nil)
	w.as(few, http.MethodPost, "/v1/users/by-email", map[string]any{"email": email}).want(t, http.StatusForbidden, "reason", "insufficient_scope")
}
