package inspection

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/doctor"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
)

func (o *Operator) log(ctx context.Context, s *doctor.Seen) error {
	log, err := o.Config.Log(ctx, o.Logger)
	if err != nil {
		return err
	}
	defer log.Close()
	first, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	settings, err := log.Settings(first)
	if err != nil {
		return err
	}
	found := doctor.Stream(settings)
	s.Stream = &found
	Sync(ctx, o.Config, s)
	if s.Rights, err = NATSRights(ctx, o.Config, OperatorMay); err != nil {
		return err
	}
	trust, err := o.Config.TLS()
	if err != nil {
		return err
	}
	open, err := stream.OpenTo(ctx, stream.Options{URL: o.Config.NATS.Reveal(), TLS: trust, Name: "revocation-worker"}, natsUsers...)
	if err != nil {
		return err
	}
	s.Logins = &doctor.Logins{Open: open}
	return nil
}

// natsUsers are those of deploy/nats.conf.
var natsUsers = []string{"listener", "worker", "operator"}

// Sync asks NATS's monitoring port, if it is known, whether NATS syncs always.
func Sync(ctx context.Context, c *workerconfig.Config, s *doctor.Seen) {
	if c.NATSMonitor == "" {
		return
	}
	always, err := stream.SyncAlways(ctx, c.NATSMonitor)
	if err != nil {
		s.Unasked["nats, sync"] = err.Error()
		return
	}
	s.Sync = &always
}
