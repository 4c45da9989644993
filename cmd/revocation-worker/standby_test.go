package main

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
)

// Ensure a standby says that it is one and whose, and finds out at once, not at the failover, that
// its password for Keycloak is wrong.
func TestAStandbyTriesItsPasswords(t *testing.T) {
	w := newWorld(t)
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":"unauthorized_client"}`)
	}))
	defer refuses.Close()
	_, release, err := w.st.Lease(t.Context(), "host-a", func(string) {})
	must(t, err)
	defer release()

	log, err := stream.Connect(t.Context(), stream.Options{URL: w.nats.URL(testenv.Worker), Inbox: "_INBOX_wo", Name: "standby", Logger: zerolog.Nop()})
	must(t, err)
	defer log.Close()
	source := pgsource.New(w.pool, 10*time.Millisecond)
	defer source.Close()
	lines, out := io.Pipe()
	c := &config{nats: secret.New(w.nats.URL(testenv.Worker)), keycloakURL: refuses.URL, adminRealm: "master", clientID: "worker", clientSecret: secret.New("wrong")}
	admin, err := c.admin()
	must(t, err)
	p := &running{
		c: c, admin: admin, resource: admin.Resource(), log: theLog{log}, store: w.st, logger: zerolog.New(out),
		known: projection.New(source, projection.Options{}, zerolog.Nop()),
	}
	p.measures = newMeasures(prometheus.NewRegistry(), p)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
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
	must(t, <-ended)
}
