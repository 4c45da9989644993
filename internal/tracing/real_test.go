//go:build traces

package tracing

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	span "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/play"
)

// TestMain is the stack's nats-server, too: devstack starts its own program again as that.
func TestMain(m *testing.M) {
	devstack.AsNATS()
	os.Exit(m.Run())
}

// told is an OTLP collector that keeps what it is told.
type told struct {
	mu    sync.Mutex
	spans []one
}

// one is a span with the program that told it.
type one struct {
	service string
	*span.Span
}

func (c *told) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, 32<<20))
	var in collector.ExportTraceServiceRequest
	if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(raw, &in) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, from := range in.GetResourceSpans() {
		service := ""
		for _, a := range from.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				service = a.GetValue().GetStringValue()
			}
		}
		for _, s := range from.GetScopeSpans() {
			for _, x := range s.GetSpans() {
				c.spans = append(c.spans, one{service, x})
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// of are the spans of a program whose name has this part.
func (c *told) of(service, name string) (found []one) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.service == service && strings.Contains(s.GetName(), name) {
			found = append(found, s)
		}
	}
	return found
}

// Ensure one real logout is one trace, from Keycloak's request over the event and the look to the batches that applied
// them, and no span of ours has an id of the user, the session or the key in it.
func TestOneLogoutIsOneTrace(t *testing.T) {
	t.Setenv("DATABASE_URL", "") // a stack of its own
	c := &told{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	root, err := filepath.Abs("../..")
	must(t, err)
	s, err := devstack.Start(t.Context(), devstack.Options{
		Root: root, Logs: filepath.Join(root, ".dev", "log", "traces"), Progress: os.Stderr, Throwaway: true, Traces: server.URL,
	})
	must(t, err)
	t.Cleanup(func() { must(t, s.Stop()) })
	k, b := play.KeycloakOf(s.Env), play.BackendOf(s.Env)
	user, err := k.NewUser(t.Context(), "ann")
	must(t, err)
	tokens, err := k.Grant(t.Context(), "app", "ann", play.Offline)
	must(t, err)
	if a, err := b.Store(t.Context(), tokens); err != nil || a.Status/100 != 2 {
		t.Fatalf("%v %v", a, err)
	}
	if a, err := b.Access(t.Context(), user); err != nil || a.Status/100 != 2 {
		t.Fatalf("%v %v", a, err)
	}
	must(t, k.Logout(t.Context(), tokens))

	var logout one
	within(t, "Keycloak's span of the logout", func() bool {
		for _, s := range c.of("keycloak", "logout") {
			logout = s
		}
		return logout.Span != nil
	})
	trace := string(logout.GetTraceId())
	in := func(name string) (batches int) {
		for _, s := range c.of("revocation-worker", name) {
			if string(s.GetTraceId()) != trace {
				continue
			}
			for _, l := range s.GetLinks() {
				for _, batch := range c.of("revocation-worker", "tokenstate.batch") {
					if string(batch.GetSpanId()) == string(l.GetSpanId()) {
						batches++
					}
				}
			}
		}
		return batches
	}
	within(t, "the event's batch in trace "+hex.EncodeToString([]byte(trace)), func() bool { return in("tokenstate.apply event") > 0 })
	within(t, "the look's batch in the same trace", func() bool { return in("tokenstate.apply observation") > 0 })
	goesOn := func(service, of, call string) bool { // from what has a span to Keycloak's own span of the request for it
		for _, s := range c.of(service, of) {
			for _, asked := range c.of(service, call) {
				for _, answered := range c.of("keycloak", "") {
					if string(asked.GetParentSpanId()) == string(s.GetSpanId()) && string(answered.GetParentSpanId()) == string(asked.GetSpanId()) {
						return true
					}
				}
			}
		}
		return false
	}
	within(t, "a look that Keycloak answered", func() bool { return goesOn("revocation-worker", "tokenstate.look user", "keycloak POST") })
	within(t, "a refresh at Keycloak", func() bool { return goesOn("authapi", "POST /v1/users/{user_id}/access-token", "keycloak POST") })
	within(t, "authapi's span", func() bool { return len(c.of("authapi", "PUT /v1/offline-tokens")) > 0 })

	claims, err := tokens.Claims()
	must(t, err)
	key := s.Env.AuthapiServiceKey
	for _, service := range []string{"revocation-worker", "authapi"} {
		for _, s := range c.of(service, "") {
			raw, err := protojson.Marshal(s.Span)
			must(t, err)
			for what, id := range map[string]string{"user": user, "session": claims.Session, "credential": key, "name": "ann"} {
				if strings.Contains(string(raw), id) {
					t.Errorf("a span of %s holds the %s: %s", service, what, raw)
				}
			}
		}
	}
}

func within(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); {
		if time.Now().After(end) {
			t.Fatalf("%s has not come", what)
		}
		_ = pause.For(t.Context(), 100*time.Millisecond)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
