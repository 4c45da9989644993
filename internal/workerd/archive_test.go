package workerd

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/backfill"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

// Ensure the event store's deletion of a realm is about the realm as the log knows it.
func TestDeletedRealmIsTheAlias(t *testing.T) {
	c := &workerconfig.Config{KeycloakURL: eventStore(t, `[{"id":"e1","time":1000,"operationType":"DELETE","resourceType":"REALM","resourcePath":"My Shop"},
		{"id":"e2","time":1000,"operationType":"DELETE","resourceType":"USER","resourcePath":"My Shop"}]`), AdminRealm: "master", ClientID: "w", RealmNames: "My Shop=shop"}
	c.ClientSecret = secret.New("x")
	admin, err := c.Admin()
	workertest.Must(t, err)
	names, err := c.Aliases()
	workertest.Must(t, err)
	page, err := archive{admin, names}.AdminEvents(context.Background(), "master", backfill.Page{Max: 10})
	workertest.Must(t, err)
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
