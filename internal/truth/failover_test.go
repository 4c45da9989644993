//go:build truth

package truth

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

// harm is what a fault of TRUTH_FAULTS does: "leader" kills the NATS server that leads the stream (TRUTH_NATS=3), "promote"
// kills the primary and promotes its synchronous standby (TRUTH_STANDBY=1), and any other kills the part of its name.
func (w *world) harm(fault string, rnd *rand.Rand) func(context.Context) error {
	switch fault {
	case "leader":
		return func(ctx context.Context) error {
			leader, err := leaderOf(ctx, w.stack)
			for end := time.Now().Add(patience); err != nil && time.Now().Before(end); leader, err = leaderOf(ctx, w.stack) {
				play.Pause(ctx, 100*time.Millisecond)
			}
			if err != nil {
				return err
			}
			w.everybody.tell("the stream is led by %s", leader)
			return kill(w.stack, leader, rnd)(ctx)
		}
	case "promote":
		return func(ctx context.Context) error {
			play.Pause(ctx, time.Duration(rnd.Intn(500))*time.Millisecond)
			return w.stack.Promote(ctx)
		}
	}
	return kill(w.stack, fault, rnd)
}

// leaderOf is the part that leads the stream.
func leaderOf(ctx context.Context, s *devstack.Stack) (string, error) {
	nc, err := nats.Connect(s.Env.NATSURL, nats.CustomInboxPrefix("_INBOX_op"))
	if err != nil {
		return "", err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return "", err
	}
	st, err := js.Stream(ctx, "TOKENSTATE")
	if err != nil {
		return "", err
	}
	c := st.CachedInfo().Cluster
	if c == nil || c.Leader == "" || len(c.Replicas) == 0 {
		return "", errors.New("the stream has no leader among several servers: TRUTH_NATS=3 starts three")
	}
	for _, r := range c.Replicas {
		if !r.Current {
			return "", fmt.Errorf("the replica on %s has not caught up, so nobody could be elected", r.Name)
		}
	}
	return c.Leader, nil
}
