package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/pause"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/testenv"
)

// settingsOf is a Keycloak that answers what doctor asks, with a clock of its own.
func settingsOf(t *testing.T, version string, listeners string, ahead time.Duration) string {
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

// Ensure the self-test sees what doctor sees: owners whom nobody has looked at, a Keycloak without
// global listeners, of which realms a listener has told, and each clock against the database's.
func TestTheSelfTestSeesWhatDoctorSees(t *testing.T) {
	w := newWorld(t)
	w.tracked(plain(user(0), "s1"), plain("never", "s2"))
	w.history(0, 2) // the second looks at user 0
	heard := message(0)
	heard.ID = "event-heard/l"
	raw, err := events.Encode(heard)
	must(t, err)
	w.applied(w.say(events.Subject(heard), heard.ID, raw))
	log, err := stream.Connect(t.Context(), stream.Options{URL: w.nats.URL(testenv.Worker), Inbox: "_INBOX_wo", Name: "self-test", Logger: zerolog.Nop()})
	must(t, err)
	defer log.Close()
	source := pgsource.New(w.pool, 10*time.Millisecond)
	defer source.Close()
	known := projection.New(source, projection.Options{}, zerolog.Nop())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = known.Run(ctx) }()
	defer func() { cancel(); <-done }()
	for known.Version() == 0 {
		_ = pause.For(ctx, 10*time.Millisecond)
	}
	for _, c := range []struct {
		version, listeners string
		ahead              time.Duration
		noGlobal           bool
	}{
		{"26.0.8", `"jboss-logging"`, 0, true},
		{"26.7.3", `"jboss-logging","tokenstate"`, time.Hour, false},
	} {
		cfg := &config{
			keycloakURL: settingsOf(t, c.version, c.listeners, c.ahead), adminRealm: "master", clientID: "worker", clientSecret: secret.New("x"),
			nats: secret.New(w.nats.URL(testenv.Worker)), skew: 5 * time.Second, margin: 10 * time.Second,
		}
		admin, err := cfg.admin()
		must(t, err)
		p := &running{c: cfg, admin: admin, log: theLog{log}, store: w.st, known: known, logger: zerolog.Nop()}
		p.measures = newMeasures(prometheus.NewRegistry(), p)
		s := p.seen(t.Context())
		if len(s.Unasked) > 0 || s.NoGlobal != c.noGlobal || s.Version != c.version || len(s.Realms) != 1 {
			t.Fatalf("%s: %+v", c.version, s)
		}
		r := s.Realms[0]
		if r.OwnersInAll != 2 || r.NeverLooked != 1 || !r.Heard {
			t.Errorf("owners and events of the realm: %+v", r)
		}
		if off := r.Keycloak.Sub(r.Asked) - c.ahead; off.Abs() > 3*time.Second {
			t.Errorf("Keycloak's clock is off by %s more", off)
		}
		if s.Worker == nil || s.Worker.Abs() > 5*time.Second || s.Rights == nil || len(s.Rights.Lacking)+len(s.Rights.Beyond) > 0 {
			t.Errorf("our clock and rights: %v %+v", s.Worker, s.Rights)
		}
	}
}
