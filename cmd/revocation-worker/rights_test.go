package main

import (
	"slices"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/testenv"
)

// Ensure what NATS users may publish is what deploy/nats.conf says, that another user's rights are
// found to lack something and to go too far, and that trying leaves nothing in the log.
func TestNATSRights(t *testing.T) {
	n := testenv.NewNATS(t)
	of := func(user, inbox string) *config { return &config{nats: secret.New(n.URL(user)), natsInbox: inbox} }
	for _, c := range []struct {
		name            string
		config          *config
		may             may
		lacking, beyond []string
	}{
		{"the worker", of(testenv.Worker, ""), workerMay, nil, nil},
		{"the operator", of(testenv.Operator, ""), operatorMay, nil, nil},
		{"the listener as worker", of(testenv.Listener, "_INBOX_kc"), workerMay, workerMay.needs, workerMay.mustNot[1:]},
		{"the operator as worker", of(testenv.Operator, ""), workerMay, append(slices.Clone(workerMay.needs[:3]), "tokenstate.v1._.mark.trial"), workerMay.mustNot[:1]},
	} {
		r, err := c.config.natsRights(t.Context(), c.may)
		must(t, err)
		if !slices.Equal(r.Lacking, c.lacking) || !slices.Equal(r.Beyond, c.beyond) {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
	log, err := of(testenv.Operator, "").log(t.Context(), zerolog.Nop())
	must(t, err)
	defer log.Close()
	if info, err := log.Info(t.Context()); err != nil || info.Last != 0 {
		t.Errorf("%d trials were kept, %v", info.Last, err)
	}
	n.Stop()
	if r, err := of(testenv.Worker, "").natsRights(t.Context(), workerMay); err == nil {
		t.Errorf("NATS is away, and yet %+v", r)
	}
}
