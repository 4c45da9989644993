package workerd

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

// Ensure a standby says that it is one and whose, and finds out at once, not at the failover, that
// its password for Keycloak is wrong.
func TestAStandbyTriesItsPasswords(t *testing.T) {
	w := workertest.New(t)
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":"unauthorized_client"}`)
	}))
	defer refuses.Close()
	_, release, err := w.Store.Lease(t.Context(), "host-a", func(string) {})
	workertest.Must(t, err)
	defer release()

	log, err := stream.Connect(t.Context(), stream.Options{URL: w.NATS.URL(testenv.Worker), Inbox: "_INBOX_wo", Name: "standby", Logger: zerolog.Nop()})
	workertest.Must(t, err)
	defer log.Close()
	source := pgsource.New(w.Pool, 10*time.Millisecond)
	defer source.Close()
	lines, out := io.Pipe()
	c := &workerconfig.Config{NATS: secret.New(w.NATS.URL(testenv.Worker)), KeycloakURL: refuses.URL, AdminRealm: "master", ClientID: "worker", ClientSecret: secret.New("wrong")}
	admin, err := c.Admin()
	workertest.Must(t, err)
	p := &running{
		config: c, admin: admin, resource: admin.Resource(), log: Log{log}, store: w.Store, logger: zerolog.New(out),
		known: projection.New(source, projection.Options{}, zerolog.Nop()),
	}
	p.measures = newMeasures(prometheus.NewRegistry(), p)
	ctx, cancel := context.WithTimeout(t.Context(), workertest.Limit)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- p.lead(ctx); _ = out.Close() }()

	told, found := false, false
	for dec := json.NewDecoder(lines); !told || !found; {
		var line map[string]any
		if err := dec.Decode(&line); err != nil {
			t.Fatalf("the standby ended: told %v, found %v", told, found)
		}
		told = told || line["message"] == "standby: host-a is active"
		found = found || line["check"] == "keycloak"
	}
	if testutil.ToFloat64(p.measures.role.WithLabelValues("standby")) != 1 {
		t.Error("tokenstate_worker_info does not call it a standby")
	}
	cancel()
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	workertest.Must(t, <-ended)
}
