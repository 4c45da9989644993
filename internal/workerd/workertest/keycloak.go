package workertest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Keycloak is one that answers what doctor asks, with a clock of its own.
func Keycloak(t *testing.T, version string, listeners string, ahead time.Duration) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch path := r.URL.Path; {
		case strings.HasSuffix(path, "/token"):
			claims := fmt.Sprintf(`{"iat":%d,"resource_access":{"demo-realm":{"roles":["view-users","view-clients","view-realm","view-events"]},"master-realm":{"roles":["view-events"]}}}`, time.Now().Add(ahead).Unix())
			_, _ = fmt.Fprintf(w, `{"access_token":"x.%s.x","expires_in":60}`, base64.RawURLEncoding.EncodeToString([]byte(claims)))
		case strings.HasSuffix(path, "/serverinfo"):
			_, _ = fmt.Fprintf(w, `{"systemInfo":{"version":"%s"}}`, version)
		case strings.HasSuffix(path, "/events/config"):
			_, _ = fmt.Fprintf(w, `{"eventsEnabled":true,"adminEventsEnabled":true,"eventsListeners":[%s]}`, listeners)
		default:
			_, _ = fmt.Fprint(w, `{"realm":"demo","enabled":true}`)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}
