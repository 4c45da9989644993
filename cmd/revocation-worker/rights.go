package main

import (
	"context"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/doctor"
)

// may is what an identity of deploy/nats.conf must be able to publish, and what it must not.
type may struct{ needs, mustNot []string }

var (
	workerMay = may{
		needs: []string{
			"tokenstate.v1._.event.trial.backfill", "tokenstate.v1._.event.trial.worker",
			"tokenstate.v1._.observation.trial.look", "tokenstate.v1._.order.trial", "tokenstate.v1._.mark.trial",
		},
		mustNot: []string{"tokenstate.v1._.pardon.trial", "tokenstate.v1._.event.trial", "tokenstate.v1._.observation.trial"},
	}
	operatorMay = may{
		needs:   []string{"tokenstate.v1._.order.trial", "tokenstate.v1._.pardon.trial"},
		mustNot: []string{"tokenstate.v1._.observation.trial"},
	}
)

// natsRights tries it on a connection of its own: what NATS says of forbidden trials is no fault.
func (c *config) natsRights(ctx context.Context, m may) (*doctor.Rights, error) {
	log, err := c.log(ctx, zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer log.Close()
	var r doctor.Rights
	for _, subject := range m.needs {
		ok, err := log.MayPublish(ctx, subject)
		if err != nil {
			return nil, err
		}
		if !ok {
			r.Lacking = append(r.Lacking, subject)
		}
	}
	for _, subject := range m.mustNot {
		ok, err := log.MayPublish(ctx, subject)
		if err != nil {
			return nil, err
		}
		if ok {
			r.Beyond = append(r.Beyond, subject)
		}
	}
	return &r, nil
}
