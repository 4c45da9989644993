package main

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const userKeys = "/v1/users/u/api-keys"

func (w *world) create(body map[string]any, headers ...string) reply {
	w.t.Helper()
	return w.ask(http.MethodPost, userKeys+"?wait_ms=4000", body, append(headers, "X-Service-API-Key", w.service)...)
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func (r reply) text(name string) string { s, _ := r.body[name].(string); return s }

// Ensure a key is shown once, listed by its ends only, works, and dies of its revocation with the
// reason and the event that its holder is told.
func TestUserKeys(t *testing.T) {
	w := newWorld(t)
	made := w.create(map[string]any{"name": "laptop", "org_id": nil}).want(t, http.StatusCreated, "name", "laptop", "kind", "user", "user_id", "u")
	key := made.text("key")
	if !regexp.MustCompile(`\A`+apikey.Pattern+`\z`).MatchString(key) || made.body["org_id"] != nil || made.body["applied"] != true {
		t.Fatalf("made: %s", made.raw)
	}
	w.me(key).want(t, http.StatusOK, "user_id", "u")
	list := w.backend(http.MethodGet, userKeys, nil).want(t, http.StatusOK)
	item := list.body["items"].([]any)[0].(map[string]any)
	if item["prefix"] != key[:16] || item["last_four"] != key[len(key)-4:] || item["active"] != true || strings.Contains(list.raw, key[17:40]) {
		t.Fatalf("listed: %s", list.raw)
	}
	path := userKeys + "/" + made.text("id") + "?wait_ms=5000"
	w.ask(http.MethodDelete, strings.Replace(path, "/u/", "/other/", 1), nil, "X-Service-API-Key", w.service).want(t, http.StatusNotFound, "reason", "no_such_key")
	w.backend(http.MethodDelete, path, nil).want(t, http.StatusOK, "id", made.text("id"))
	w.backend(http.MethodDelete, path, nil).want(t, http.StatusOK) // may come again
	refused := w.me(key).want(t, http.StatusUnauthorized, "reason", "revoked")
	if refused.text("event_id") == "" || refused.text("since") == "" {
		t.Errorf("it does not say since when and why: %s", refused.raw)
	}
	wrong := apikey.Format(apikey.Entropy{}).Text().Reveal()
	w.me(key[:17]+wrong[17:]).want(t, http.StatusUnauthorized, "reason", "unknown") // that id, another secret
	if rows, err := w.store.Outbox(t.Context(), 10); err != nil || len(rows) != 1 || !strings.Contains(string(rows[0].Raw), `"by":"service:all"`) {
		t.Errorf("the order is not on its way to the log, or twice: %d %v", len(rows), err)
	}
}

// Ensure a list is walked by its cursor, newest first, without system keys unless asked for, and
// that a credential limited to organizations sees only theirs.
func TestUserKeys_List(t *testing.T) {
	w := newWorld(t)
	w.mint("automation")
	var want []string
	for i := range 5 {
		org := []any{nil, "o", "p"}[i%3]
		want = append(want, w.create(map[string]any{"name": fmt.Sprint("k", i), "org_id": org}).want(t, http.StatusCreated).text("id"))
	}
	walk := func(query, credential string) (ids []string) {
		for cursor := ""; ; {
			r := w.ask(http.MethodGet, userKeys+"?limit=2"+query+"&cursor="+cursor, nil, "X-Service-API-Key", credential).want(t, http.StatusOK)
			for _, item := range r.body["items"].([]any) {
				ids = append(ids, item.(map[string]any)["id"].(string))
			}
			if cursor = r.text("next_cursor"); cursor == "" {
				return ids
			}
		}
	}
	if got := walk("", w.service); len(got) != 5 || strings.Join(sorted(got), " ") != strings.Join(sorted(want), " ") {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := walk("&system=true", w.service); len(got) != 6 {
		t.Errorf("with system keys: %v", got)
	}
	limited := w.credential("limited", "demo", gate.Scopes(), []string{"p"})
	if got := walk("", limited); len(got) != 1 || got[0] != want[2] {
		t.Errorf("limited to p: %v", got)
	}
	for _, call := range [][2]string{{http.MethodDelete, ""}, {http.MethodPost, "/rotate"}} {
		w.ask(call[0], userKeys+"/"+want[1]+call[1], nil, "X-Service-API-Key", limited).want(t, http.StatusNotFound)
	}
	w.ask(http.MethodPost, userKeys, map[string]any{"name": "n"}, "X-Service-API-Key", limited).want(t, http.StatusForbidden, "reason", "wrong_organization")
	few := w.credential("few", "demo", []string{gate.ScopeMint}, nil)
	w.ask(http.MethodGet, userKeys, nil, "X-Service-API-Key", few).want(t, http.StatusForbidden, "reason", "insufficient_scope")
}

// Ensure both secrets work during the overlap and the old one says expired after it, that a key
// rotates once, and that revoking the new one ends the old one, too.
func TestUserKeys_Rotate(t *testing.T) {
	w := newWorld(t)
	old := w.create(map[string]any{"name": "ci", "org_id": "o", "scopes": []string{"access-token"}}).want(t, http.StatusCreated)
	rotate := func(id string, body any) reply {
		return w.backend(http.MethodPost, userKeys+"/"+id+"/rotate?wait_ms=5000", body)
	}
	next := rotate(old.text("id"), map[string]any{"overlap_s": 60}).want(t, http.StatusCreated, "name", "ci", "org_id", "o", "replaces", old.text("id"))
	if next.text("key") == old.text("key") || fmt.Sprint(next.body["scopes"]) != "[access-token]" {
		t.Fatalf("next: %s", next.raw)
	}
	w.me(old.text("key")).want(t, http.StatusOK)
	w.me(next.text("key")).want(t, http.StatusOK)
	rotate(old.text("id"), nil).want(t, http.StatusConflict, "reason", "key_rotated")
	w.server.Gate.Clock = func() time.Time { return time.Now().Add(61 * time.Second) }
	w.me(old.text("key")).want(t, http.StatusUnauthorized, "reason", "expired")
	w.me(next.text("key")).want(t, http.StatusOK)
	w.server.Gate.Clock = w.known.Now
	third := rotate(next.text("id"), nil).want(t, http.StatusCreated)
	w.backend(http.MethodDelete, userKeys+"/"+third.text("id")+"?wait_ms=5000", nil).want(t, http.StatusOK)
	for _, key := range []string{old.text("key"), next.text("key"), third.text("key")} {
		w.me(key).want(t, http.StatusUnauthorized, "reason", "revoked")
	}
	rotate(third.text("id"), nil).want(t, http.StatusConflict, "reason", "revoked")

	leaked := w.create(map[string]any{"name": "leaked"}).want(t, http.StatusCreated)
	fresh := rotate(leaked.text("id"), map[string]any{"overlap_s": 0}).want(t, http.StatusCreated)
	w.me(leaked.text("key")).want(t, http.StatusUnauthorized, "reason", "revoked")
	w.me(fresh.text("key")).want(t, http.StatusOK)

	_, err := w.pool.Exec(t.Context(), "UPDATE tokenstate.api_key SET expires_at = now() WHERE id = $1", fresh.text("id"))
	must(t, err)
	rotate(fresh.text("id"), nil).want(t, http.StatusConflict, "reason", "expired") // by the database's clock

	system := w.me(w.mint("automation")).body["key"].(map[string]any)["id"].(string)
	rotate(system, nil).want(t, http.StatusConflict, "reason", "system_key")
	rotate("nobody", nil).want(t, http.StatusNotFound)
}

// Ensure a repeated request makes one key and is told the same secret, also at once from many
// places and on another replica; that the key names one request; and that a day is its end.
func TestUserKeys_Idempotent(t *testing.T) {
	w := newWorld(t)
	other := w.replica()
	body := map[string]any{"name": "once"}
	var wg sync.WaitGroup
	got := make([]string, 16)
	for i := range got {
		wg.Go(func() {
			at := []*world{w, other}[i%2]
			got[i] = at.create(body, "Idempotency-Key", "k-1").want(t, http.StatusCreated).text("key")
		})
	}
	wg.Wait()
	for _, key := range got {
		if key != got[0] || key == "" {
			t.Fatal("a repeated request got another secret")
		}
	}
	w.me(got[0]).want(t, http.StatusOK)
	again := w.create(body, "Idempotency-Key", "k-1").want(t, http.StatusCreated, "key", got[0])
	if again.header.Get("Idempotent-Replayed") != "true" {
		t.Error("it does not say that it is a repetition")
	}
	if items := w.backend(http.MethodGet, userKeys, nil).body["items"].([]any); len(items) != 1 {
		t.Fatalf("%d keys were made", len(items))
	}
	w.create(map[string]any{"name": "twice"}, "Idempotency-Key", "k-1").want(t, http.StatusUnprocessableEntity, "reason", "idempotency_key_reused")
	rotate := func() reply {
		return w.ask(http.MethodPost, userKeys+"/"+again.text("id")+"/rotate?wait_ms=5000", nil, "X-Service-API-Key", w.service, "Idempotency-Key", "k-2")
	}
	first := rotate().want(t, http.StatusCreated)
	rotate().want(t, http.StatusCreated, "key", first.text("key"), "id", first.text("id"))
	// Another credential's keys are its own.
	theirs := w.ask(http.MethodPost, userKeys, body, "X-Service-API-Key", w.credential("b", "demo", gate.Scopes(), nil), "Idempotency-Key", "k-1")
	if theirs.want(t, http.StatusCreated).text("key") == got[0] {
		t.Error("another caller was shown the secret")
	}
	_, err := w.pool.Exec(t.Context(), "UPDATE tokenstate.once SET created_at = now() - interval '24 hours'")
	must(t, err)
	if late := w.create(map[string]any{"name": "late"}, "Idempotency-Key", "k-1").want(t, http.StatusCreated); late.text("key") == got[0] {
		t.Error("honoured for more than a day")
	}
	w.server.Flush(t.Context())
	var left int
	must(t, w.pool.QueryRow(t.Context(), "SELECT count(*) FROM tokenstate.once").Scan(&left))
	if left != 1 {
		t.Errorf("%d requests are remembered, want the late one", left)
	}
}

// Ensure no row holds what the secret can be told from without the master.
func TestUserKeys_NoSecretAtRest(t *testing.T) {
	w := newWorld(t)
	key := w.create(map[string]any{"name": "n"}, "Idempotency-Key", "k").text("key")
	rows, err := w.pool.Query(t.Context(), "SELECT to_jsonb(k)::text FROM tokenstate.api_key k UNION ALL SELECT to_jsonb(o)::text FROM tokenstate.once o UNION ALL SELECT to_jsonb(f)::text FROM tokenstate.feed f")
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var text string
		must(t, rows.Scan(&text))
		if strings.Contains(text, key[17:40]) {
			t.Errorf("a row holds the secret")
		}
	}
	must(t, rows.Err())
}

// Ensure expiry, not-before and what makes no sense are refused before anything is stored.
func TestUserKeys_BadInput(t *testing.T) {
	w := newWorld(t)
	soon := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
	for name, body := range map[string]map[string]any{
		"no name": {}, "empty name": {"name": ""}, "long name": {"name": strings.Repeat("n", 101)}, "control": {"name": "a\x00b"},
		"system name": {"name": "__SYSTEM__:x"}, "expired": {"name": "n", "expires_at": soon(-time.Hour)}, "not a time": {"name": "n", "expires_at": "tomorrow"},
		"never valid": {"name": "n", "not_before": soon(2 * time.Hour), "expires_at": soon(time.Hour)}, "odd scope": {"name": "n", "scopes": []string{"all"}},
		"odd member": {"name": "n", "kind": "system"}, "odd org": {"name": "n", "org_id": "a\nb"},
	} {
		if r := w.create(body); r.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
	w.create(map[string]any{"name": "n"}, "Idempotency-Key", strings.Repeat("k", 256)).want(t, http.StatusUnprocessableEntity)
	if items := w.backend(http.MethodGet, userKeys, nil).body["items"].([]any); len(items) != 0 {
		t.Errorf("stored all the same: %v", items)
	}
	w.idp.look = idp.Look{Gone: true}
	w.create(map[string]any{"name": "n"}).want(t, http.StatusNotFound, "reason", "no_such_user")
	w.idp.look = idp.Look{Enabled: true}
	later := w.create(map[string]any{"name": "n", "not_before": soon(time.Hour), "expires_at": soon(2 * time.Hour)}).want(t, http.StatusCreated).text("key")
	w.me(later).want(t, http.StatusUnauthorized, "reason", "not_yet_valid")
	w.server.Gate.Clock = func() time.Time { return time.Now().Add(90 * time.Minute) }
	w.me(later).want(t, http.StatusOK)
	w.server.Gate.Clock = func() time.Time { return time.Now().Add(121 * time.Minute) }
	w.me(later).want(t, http.StatusUnauthorized, "reason", "expired")
}

// Ensure a key made on one replica works on another that has heard nothing, and that its
// revocation reaches it by the feed.
func TestUserKeys_OtherReplica(t *testing.T) {
	w := newWorld(t)
	deaf := w.replica()
	deaf.stop() // it follows nothing any more: what it does not know it reads
	made := w.create(map[string]any{"name": "n"}).want(t, http.StatusCreated)
	deaf.me(made.text("key")).want(t, http.StatusOK)
	if late := deaf.create(map[string]any{"name": "m"}).want(t, http.StatusAccepted); late.body["applied"] != false {
		t.Errorf("not enforced there yet: %s", late.raw)
	} else {
		deaf.me(late.text("key")).want(t, http.StatusOK)
	}
	follows := w.replica()
	r := w.backend(http.MethodDelete, userKeys+"/"+made.text("id")+"?wait_ms=5000", nil).want(t, http.StatusOK)
	must(t, follows.known.WaitVersion(t.Context(), int64(r.body["version"].(float64))))
	follows.me(made.text("key")).want(t, http.StatusUnauthorized, "reason", "revoked")
	deaf.me(made.text("key")).want(t, http.StatusUnauthorized, "reason", "revoked")
}

// Ensure two replicas and many callers who mint at once get one key.
func TestSystemKeys_TwoReplicas(t *testing.T) {
	w := newWorld(t)
	other := w.replica()
	var wg sync.WaitGroup
	got := make([]string, 64)
	for i := range got {
		wg.Go(func() { got[i] = []*world{w, other}[i%2].mint("automation") })
	}
	wg.Wait()
	for _, key := range got {
		if key != got[0] {
			t.Fatal("two keys of one name")
		}
	}
	var rows int
	must(t, w.pool.QueryRow(t.Context(), "SELECT count(*) FROM tokenstate.api_key").Scan(&rows))
	if rows != 1 {
		t.Fatalf("%d rows", rows)
	}
}

// Ensure a key of an organization stops with its owner's membership where members are checked,
// and only there.
func TestMembers(t *testing.T) {
	w := newWorld(t)
	key := w.mint("a")
	w.me(key).want(t, http.StatusOK) // the caller vouched
	w.server.Gate.CheckMembers = true
	w.me(key).want(t, http.StatusUnauthorized, "reason", "not_a_member")
	w.create(map[string]any{"name": "n", "org_id": "o"}).want(t, http.StatusForbidden, "reason", "not_a_member")
	w.backend(http.MethodPost, "/api/service/users/u/orgs/o/api-keys", map[string]any{"name": "b"}).want(t, http.StatusForbidden, "reason", "not_a_member")
	const path = "/v1/orgs/o/members/u?wait_ms=5000"
	w.backend(http.MethodDelete, path, nil).want(t, http.StatusNotFound, "reason", "no_such_member")
	w.backend(http.MethodPut, path, nil).want(t, http.StatusOK, "org_id", "o", "user_id", "u")
	w.backend(http.MethodPut, path, nil).want(t, http.StatusOK)
	w.me(key).want(t, http.StatusOK)
	if w.replica().me(key).status != http.StatusOK {
		t.Error("a replica that starts now does not know the member")
	}
	unbound := w.create(map[string]any{"name": "n"}).want(t, http.StatusCreated).text("key")
	w.backend(http.MethodDelete, path, nil).want(t, http.StatusOK)
	w.me(key).want(t, http.StatusUnauthorized, "reason", "not_a_member")
	w.me(unbound).want(t, http.StatusOK)
	w.ask(http.MethodPut, path, nil, "X-Service-API-Key", w.credential("p", "demo", gate.Scopes(), []string{"p"})).want(t, http.StatusForbidden)
}

// Ensure a user's own key gets access tokens only with the scope, only its owner's, and never a
// system key.
func TestAccessTokenByOwnKey(t *testing.T) {
	w := newWorld(t)
	w.put(offline("s", now()))
	ask := func(key, user string) reply {
		return w.ask(http.MethodPost, "/v1/users/"+user+"/access-token", map[string]any{}, "Authorization", "Bearer "+key)
	}
	may := w.create(map[string]any{"name": "may", "scopes": []string{"access-token"}}).text("key")
	plain := w.create(map[string]any{"name": "plain"}).text("key")
	ask(may, "u").want(t, http.StatusOK, "access_token", "access")
	ask(may, "v").want(t, http.StatusForbidden, "reason", "wrong_user")
	ask(plain, "u").want(t, http.StatusForbidden, "reason", "insufficient_scope")
	system := w.mint("automation")
	_, err := w.pool.Exec(t.Context(), "UPDATE tokenstate.api_key SET scopes = 'access-token'")
	must(t, err)
	w.replica().ask(http.MethodPost, "/v1/users/u/access-token", map[string]any{}, "Authorization", "Bearer "+system).
		want(t, http.StatusForbidden, "reason", "insufficient_scope")
	w.ask(http.MethodPost, "/v1/users/u/access-token", map[string]any{}).want(t, http.StatusUnauthorized)
	ask("nonsense", "u").want(t, http.StatusUnauthorized, "reason", "unknown")
	w.server.Flush(t.Context())
	var noted string
	must(t, w.pool.QueryRow(t.Context(), "SELECT string_agg(status || ' ' || target, ', ' ORDER BY status, target) FROM tokenstate.act WHERE actor LIKE 'key:__________'").Scan(&noted))
	if noted != "200 /v1/users/u/access-token, 403 /v1/users/u/access-token, 403 /v1/users/v/access-token" {
		t.Errorf("in the audit: %s", noted)
	}
	w.learn(standing(tokenstate.Millis(time.Now().UnixMilli()), func(s *tokenstate.Standing) { s.Disabled = true }))
	ask(may, "u").want(t, http.StatusUnauthorized, "reason", "user_disabled")
}
