package workerd

import (
	"context"
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
	"github.com/tokenstate/tokenstate/internal/workerconfig"
	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

// Ensure the self-test sees what doctor sees: owners whom nobody has looked at, a Keycloak without
// global listeners, of which realms a listener has told, and each clock against the database's.
func TestTheSelfTestSeesWhatDoctorSees(t *testing.T) {
	w := workertest.New(t)
	w.Tracked(workertest.Plain(workertest.User(0), "s1"), workertest.Plain("never", "s2"))
	w.History(0, 2) // the second looks at user 0
	heard := w.Message(0)
	heard.ID = "event-heard/l"
	raw, err := events.Encode(heard)
	workertest.Must(t, err)
	w.Applied(w.Say(events.Subject(heard), heard.ID, raw))
	log, err := stream.Connect(t.Context(), stream.Options{URL: w.NATS.URL(testenv.Worker), Inbox: "_INBOX_wo", Name: "self-test", Logger: zerolog.Nop()})
	workertest.Must(t, err)
	defer log.Close()
	source := pgsource.New(w.Pool, 10*time.Millisecond)
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
		cfg := &workerconfig.Config{
			KeycloakURL: workertest.Keycloak(t, c.version, c.listeners, c.ahead), AdminRealm: "master", ClientID: "worker", ClientSecret: secret.New("x"),
			NATS: secret.New(w.NATS.URL(testenv.Worker)), Skew: 5 * time.Second, Margin: 10 * time.Second,
		}
		admin, err := cfg.Admin()
		workertest.Must(t, err)
		p := &running{config: cfg, admin: admin, log: Log{log}, store: w.Store, known: known, logger: zerolog.Nop()}
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
