package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
)

// adopt imports keys of another system, as authapi import does in another process.
func (w *world) adopt(texts ...string) {
	w.t.Helper()
	page := keyrows.ImportPage{Source: "test", Position: "1"}
	for _, text := range texts {
		p, err := apikey.Parse(text)
		must(w.t, err)
		rec := apikey.Record{
			ID: "old-" + text, Realm: "demo", User: "u", Name: text, Kind: apikey.KindLegacy, Created: 1,
			Digest: apikey.Digest(w.held.Peppers[0], p), PepperID: w.held.Peppers[0].ID,
		}
		page.Keys = append(page.Keys, keyrows.Imported{Record: rec})
	}
	out, err := keyrows.New(w.pool).Import(w.t.Context(), page)
	must(w.t, err)
	if out.Added != len(texts) {
		w.t.Fatalf("%+v", out)
	}
}

// Ensure a key of another format works as soon as it is imported, on a replica that has not heard of
// it yet; that it is looked for no more than memory lacks it; and that while it cannot be looked for
// nobody is told that it does not exist.
func TestImportedAMomentAgo(t *testing.T) {
	w := newWorld(t)
	e := w.envoy()
	w.adopt("sk-oh-known")
	w.caughtUp()
	w.lag(func() {
		w.adopt("sk-oh-one", "sk-oh-two")
		w.me("sk-oh-one").want(t, http.StatusOK, "user_id", "u")
		if r := e.check("X-Access-Token", "sk-oh-two"); r.GetOkResponse() == nil {
			t.Errorf("Envoy: %v", r)
		}
		for _, key := range []string{"sk-oh-one", "sk-oh-two"} {
			if item := w.decideKey(w.service, key); item["active"] != true {
				t.Errorf("decide: %v", item)
			}
			if r := w.introspect("token=" + key); r.body["active"] != true {
				t.Errorf("introspect: %s", r.raw)
			}
		}
		w.me("sk-oh-three").want(t, http.StatusUnauthorized, "reason", "unknown")
	})
	w.stop()
	asked := w.searches.Load()
	w.me("sk-oh-known").want(t, http.StatusOK)
	if n := w.searches.Load(); n != asked {
		t.Error("a key that is known was looked for")
	}
	w.pool.Close()
	w.me("sk-oh-four").want(t, http.StatusServiceUnavailable, "reason", "undecidable")
	w.me("sk-oh-known").want(t, http.StatusOK)
}

// Ensure a thousand unknown keys in one call cost one look into the database, so that whoever compares
// two systems hears which keys are missing.
func TestManyUnknownLegacyKeys(t *testing.T) {
	w := newWorld(t)
	var items []any
	for i := range 1000 {
		items = append(items, map[string]any{"api_key": "sk-oh-" + time.Unix(int64(i), 0).UTC().Format("20060102T150405")})
	}
	for range 2 {
		if r := w.backend(http.MethodPost, "/v1/decide", map[string]any{"items": items}).want(t, http.StatusOK); len(r.body["items"].([]any)) != 1000 {
			t.Fatal(r.raw)
		}
	}
	if n := w.searches.Load(); n != 1 && n != 2 { // the second time they may be remembered as absent
		t.Errorf("%d looks", n)
	}
}

// Ensure who compares changes nothing: not when a key was used, nor its digest.
func TestObserve(t *testing.T) {
	w := newWorld(t)
	w.adopt("sk-oh-one")
	key := w.mint("a")
	w.caughtUp()
	old := w.held.Peppers[0]
	w.server.Gate.Peppers = apikey.Peppers{{ID: "new", Key: w.held.Master}, old}
	ask := func(body map[string]any) (used, under int) {
		t.Helper()
		body["items"] = []any{map[string]any{"api_key": key}, map[string]any{"api_key": "sk-oh-one"}}
		r := w.backend(http.MethodPost, "/v1/decide", body).want(t, http.StatusOK)
		for _, item := range r.body["items"].([]any) {
			if item.(map[string]any)["active"] != true {
				t.Fatal(r.raw)
			}
		}
		w.server.Flush(context.Background())
		must(t, w.pool.QueryRow(t.Context(), "SELECT count(last_used_at), count(*) FILTER (WHERE pepper_id = 'new') FROM tokenstate.api_key").Scan(&used, &under))
		return used, under
	}
	if used, under := ask(map[string]any{"observe": true}); used != 0 || under != 0 {
		t.Errorf("observed: %d used, %d digested anew", used, under)
	}
	if used, under := ask(map[string]any{}); used != 2 || under != 2 {
		t.Errorf("decided: %d used, %d digested anew", used, under)
	}
}
