package inspection

import (
	"context"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/doctor"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
)

// May is what an identity of deploy/nats.conf must be able to publish, and what it must not.
type May struct{ Needs, MustNot []string }

// What a worker and an operator may.
var (
	WorkerMay = May{
		Needs: []string{
			"tokenstate.v1._.event.trial.backfill", "tokenstate.v1._.event.trial.worker",
			"tokenstate.v1._.observation.trial.look", "tokenstate.v1._.order.trial", "tokenstate.v1._.mark.trial",
		},
		MustNot: []string{"tokenstate.v1._.pardon.trial", "tokenstate.v1._.event.trial", "tokenstate.v1._.observation.trial"},
	}
	OperatorMay = May{
		Needs:   []string{"tokenstate.v1._.order.trial", "tokenstate.v1._.pardon.trial"},
		MustNot: []string{"tokenstate.v1._.observation.trial"},
	}
)

// NATSRights tries it on a connection of its own: what NATS says of forbidden trials is no fault.
func NATSRights(ctx context.Context, c *workerconfig.Config, m May) (*doctor.Rights, error) {
	log, err := c.Log(ctx, zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer log.Close()
	var r doctor.Rights
	for _, subject := range m.Needs {
		ok, err := log.MayPublish(ctx, subject)
		if err != nil {
			return nil, err
		}
		if !ok {
			r.Lacking = append(r.Lacking, subject)
		}
	}
	for _, subject := range m.MustNot {
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
