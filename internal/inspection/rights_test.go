package inspection

import (
	"slices"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

// Ensure what NATS users may publish is what deploy/nats.conf says, that another user's rights are
// found to lack something and to go too far, and that trying leaves nothing in the log.
func TestNATSRights(t *testing.T) {
	n := testenv.NewNATS(t)
	of := func(user, inbox string) *workerconfig.Config {
		return &workerconfig.Config{NATS: secret.New(n.URL(user)), NATSInbox: inbox}
	}
	for _, c := range []struct {
		name            string
		config          *workerconfig.Config
		may             May
		lacking, beyond []string
	}{
		{"the worker", of(testenv.Worker, ""), WorkerMay, nil, nil},
		{"the operator", of(testenv.Operator, ""), OperatorMay, nil, nil},
		{"the listener as worker", of(testenv.Listener, "_INBOX_kc"), WorkerMay, WorkerMay.Needs, WorkerMay.MustNot[1:]},
		{"the operator as worker", of(testenv.Operator, ""), WorkerMay, append(slices.Clone(WorkerMay.Needs[:3]), "tokenstate.v1._.mark.trial"), WorkerMay.MustNot[:1]},
	} {
		r, err := NATSRights(t.Context(), c.config, c.may)
		workertest.Must(t, err)
		if !slices.Equal(r.Lacking, c.lacking) || !slices.Equal(r.Beyond, c.beyond) {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
	log, err := of(testenv.Operator, "").Log(t.Context(), zerolog.Nop())
	workertest.Must(t, err)
	defer log.Close()
	if info, err := log.Info(t.Context()); err != nil || info.Last != 0 {
		t.Errorf("%d trials were kept, %v", info.Last, err)
	}
	n.Stop()
	if r, err := NATSRights(t.Context(), of(testenv.Worker, ""), WorkerMay); err == nil {
		t.Errorf("NATS is away, and yet %+v", r)
	}
}
