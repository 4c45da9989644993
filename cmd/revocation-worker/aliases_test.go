package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/backfill"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
)

// Ensure aliases are read as the listener reads its option, and mistakes are said.
func TestAliases(t *testing.T) {
	for text, want := range map[string]aliases{
		"": {}, "demo": {}, "My Shop=shop": {"My Shop": "shop"}, " a=b , c,D.E=d-e_1": {"a": "b", "D.E": "d-e_1"},
	} {
		if got, err := (&config{realmNames: text}).aliases(); err != nil || !maps.Equal(got, want) {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"a=", "=b", "a=B", "a=b=c", "a=b,c=b", "a=b,a=c", "a=b c"} {
		if got, err := (&config{realmNames: text}).aliases(); !errors.Is(err, settings.ErrConfiguration) {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

// Ensure the event store's deletion of a realm is about the realm as the log knows it.
func TestDeletedRealmIsTheAlias(t *testing.T) {
	c := &config{keycloakURL: eventStore(t, `[{"id":"e1","time":1000,"operationType":"DELETE","resourceType":"REALM","resourcePath":"My Shop"},
		{"id":"e2","time":1000,"operationType":"DELETE","resourceType":"USER","resourcePath":"My Shop"}]`), adminRealm: "master", clientID: "w", realmNames: "My Shop=shop"}
	c.clientSecret = secret.New("x")
	admin, err := c.admin()
	must(t, err)
	names, err := c.aliases()
	must(t, err)
	page, err := archive{admin, names}.AdminEvents(context.Background(), "master", backfill.Page{Max: 10})
	must(t, err)
	if len(page.Rows) != 2 || page.Rows[0].ResourcePath != "shop" || page.Rows[1].ResourcePath != "My Shop" {
		t.Errorf("%+v", page.Rows)
	}
}

// eventStore is a Keycloak whose only admin events are these.
func eventStore(t *testing.T, events string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/token"):
			_, _ = fmt.Fprintf(w, `{"access_token":"x.%s.x","expires_in":60}`, base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"iat":%d}`, time.Now().Unix())))
		case strings.HasSuffix(r.URL.Path, "/admin-events"):
			_, _ = fmt.Fprint(w, events)
		default:
			_, _ = fmt.Fprint(w, `{"systemInfo":{"version":"26.7.3"}}`)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}
