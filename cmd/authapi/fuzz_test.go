package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
)

// FuzzKeyHeader: nothing but the key itself is a key, and the only other reason is unknown; or undecidable, where so
// many well-formed keys are made up that the database is not asked about each.
func FuzzKeyHeader(f *testing.F) {
	key := apikey.Format(apikey.Entropy{ID: [8]byte{9}, Secret: [32]byte{9}}).Text().Reveal()
	for _, s := range []string{"", "x", "tokst_", key[:60], key + "0", "bearer " + key, apikey.Format(apikey.Entropy{}).Text().Reveal()} {
		f.Add(s)
		f.Add("Bearer " + s)
	}
	w := newWorld(f)
	w.server.Gate.Limits = nil
	p, err := apikey.Parse(key)
	must(f, err)
	k := apikey.NewIssue(apikey.Record{Realm: "demo", User: "u", Name: "n", Kind: apikey.KindUser, Generation: 1, Created: 1}, p, w.held.Peppers[0])
	_, err = keyrows.New(w.pool).Create(f.Context(), "demo", "u", func(apikey.Owned) (apikey.Issue, error) { return k, nil }, nil)
	must(f, err)
	w.caughtUp()
	f.Fuzz(func(t *testing.T, value string) {
		for name, right := range map[string]bool{
			"Authorization":     strings.EqualFold(value[:min(7, len(value))], "bearer ") && value[min(7, len(value)):] == key,
			"X-Session-API-Key": value == key, "X-Access-Token": value == key,
		} {
			r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/api/v1/users/me", nil)
			r.Header[http.CanonicalHeaderKey(name)] = []string{value}
			rec := httptest.NewRecorder()
			w.handler.ServeHTTP(rec, r)
			refused := rec.Code == http.StatusUnauthorized && strings.Contains(rec.Body.String(), `"reason":"unknown"`) ||
				rec.Code == http.StatusServiceUnavailable && strings.Contains(rec.Body.String(), `"reason":"undecidable"`)
			if right != (rec.Code == http.StatusOK) || !right && !refused {
				t.Fatalf("%s: %q: %d %s", name, value, rec.Code, rec.Body)
			}
		}
	})
}

// FuzzForm: a form that anybody may send is taken, or refused as a bad request, and is never a fault of ours.
func FuzzForm(f *testing.F) {
	w := newWorld(f)
	w.server.Gate.Limits = nil
	for _, body := range []string{"", "token=x", "token=x&token=y", "logout_token=a.b.c", "logout_token=%zz", "\xff=\xff", "token=" + strings.Repeat("a", 9000)} {
		f.Add(form, body)
		f.Add("application/json", body)
		f.Add("multipart/form-data; boundary=x", body)
	}
	f.Fuzz(func(t *testing.T, kind, body string) {
		for _, path := range []string{"/oauth2/introspect", "/v1/backchannel-logout"} {
			r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
			r.Header["Content-Type"] = []string{kind}
			r.Header.Set("X-Service-API-Key", w.service)
			notOurFault(t, w, r)
		}
	})
}

// FuzzCall: the same for what a backend sends beside a body: versions, waits, cursors, organizations.
func FuzzCall(f *testing.F) {
	w := newWorld(f)
	w.server.Gate.Limits = nil
	for _, value := range []string{"", "0", "-1", "1e9", "9223372036854775808", "\x00", "é", "a b", strings.Repeat("9", 300)} {
		f.Add(value, value, value)
	}
	f.Fuzz(func(t *testing.T, version, query, id string) {
		path := "/v1/users/" + url.PathEscape(id) + "/api-keys?limit=" + url.QueryEscape(query) + "&cursor=" + url.QueryEscape(query)
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil)
		r.Header["Tokenstate-Min-Version"] = []string{version}
		r.Header["X-Org-Id"] = []string{query}
		r.Header["Idempotency-Key"] = []string{query}
		r.Header.Set("X-Service-API-Key", w.service)
		notOurFault(t, w, r)
	})
}

func notOurFault(t *testing.T, w *world, r *http.Request) {
	t.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), time.Second) // whoever waits for a version that never comes goes
	defer cancel()
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r.WithContext(ctx))
	if rec.Code >= http.StatusInternalServerError && rec.Code != http.StatusServiceUnavailable {
		t.Fatalf("%s %s %q: %d %s", r.Method, r.URL, r.Header, rec.Code, rec.Body)
	}
}
