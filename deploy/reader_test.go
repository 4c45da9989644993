package deploy_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/tokenstate/tokenstate/internal/testenv"
)

const patience = 2 * time.Minute

// Ensure the worker's rights suffice for all that it does with the stream.
func TestWorkerReads(t *testing.T) {
	t.Parallel()
	n := testenv.NewNATS(t)
	_, js := n.Connect(testenv.Worker)
	publish(t, js, "tokenstate.v1.demo.event.LOGOUT.backfill", "tokenstate.v1.demo.observation.user.look", "tokenstate.v1.demo.order.revoke", "tokenstate.v1._.mark.worker")

	stream, err := js.Stream(t.Context(), "TOKENSTATE")
	if err != nil {
		t.Fatalf("stream info: %v", err)
	}
	if got := stream.CachedInfo().State.LastSeq; got != 4 {
		t.Errorf("last sequence %d, want 4", got)
	}
	if m, err := stream.GetMsg(t.Context(), 2); err != nil || m.Subject != "tokenstate.v1.demo.observation.user.look" {
		t.Errorf("the message at the floor: %v, %v", m, err)
	}
	if m, err := stream.GetLastMsgForSubject(t.Context(), "tokenstate.v1._.mark.worker"); err != nil || m.Sequence != 4 {
		t.Errorf("the last mark: %v, %v", m, err)
	}
	want(t, read(t, js, 2), 2, 4)
}

// Ensure the reader goes on where it was when the server comes back, and when somebody removed
// its consumer.
func TestReaderResumes(t *testing.T) {
	t.Parallel()
	n := testenv.NewNATS(t)
	_, js := n.Connect(testenv.Worker, quiet, nats.ReconnectWait(50*time.Millisecond))
	publish(t, js, "tokenstate.v1.demo.event.LOGIN.backfill", "tokenstate.v1.demo.event.LOGOUT.backfill")
	got := read(t, js, 1)
	want(t, got, 1, 2)

	n.Stop()
	n.Start()
	publish(t, js, "tokenstate.v1.demo.event.LOGIN.backfill")
	want(t, got, 3, 3)

	_, operator := n.Connect(testenv.Operator)
	stream, err := operator.Stream(t.Context(), "TOKENSTATE")
	if err != nil {
		t.Fatal(err)
	}
	removed := 0
	for name := range stream.ConsumerNames(t.Context()).Name() {
		removed++
		if err := stream.DeleteConsumer(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	if removed != 1 {
		t.Fatalf("removed %d consumers, want the reader's one", removed)
	}
	publish(t, js, "tokenstate.v1.demo.event.LOGIN.backfill", "tokenstate.v1.demo.event.LOGOUT.backfill")
	want(t, got, 4, 5)
}

// Ensure a consumer that would copy a message onto a forbidden subject is refused: what the
// server itself delivers, it delivers without asking for anybody's rights.
func TestNoDetour(t *testing.T) {
	t.Parallel()
	n := testenv.NewNATS(t)
	_, js := n.Connect(testenv.Worker)
	publish(t, js, "tokenstate.v1.demo.order.revoke")
	_, err := js.CreateOrUpdatePushConsumer(t.Context(), "TOKENSTATE", jetstream.ConsumerConfig{
		Name: "detour", DeliverSubject: "tokenstate.v1.demo.pardon.cause", AckPolicy: jetstream.AckNonePolicy,
	})
	if err == nil {
		t.Fatal("the worker can turn an order into a pardon")
	}
}

// read reads the stream in order as the worker does; the channel yields the sequences.
func read(t *testing.T, js jetstream.JetStream, from uint64) <-chan uint64 {
	t.Helper()
	consumer, err := js.OrderedConsumer(t.Context(), "TOKENSTATE", jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from,
	})
	if err != nil {
		t.Fatalf("ordered consumer: %v", err)
	}
	got := make(chan uint64, 100)
	reading, err := consumer.Consume(func(m jetstream.Msg) {
		if meta, err := m.Metadata(); err == nil {
			got <- meta.Sequence.Stream
		}
	}, jetstream.PullExpiry(5*time.Second), jetstream.PullHeartbeat(time.Second))
	if err != nil {
		t.Fatalf("consume: %v", err)
	}
	t.Cleanup(func() { reading.Stop(); <-reading.Closed() })
	return got
}

// want is exactly these sequences in this order.
func want(t *testing.T, got <-chan uint64, first, last uint64) {
	t.Helper()
	timeout := time.After(patience)
	for seq := first; seq <= last; seq++ {
		select {
		case s := <-got:
			if s != seq {
				t.Fatalf("read sequence %d, want %d", s, seq)
			}
		case <-timeout:
			t.Fatalf("sequence %d did not come", seq)
		}
	}
}

// publish stores one message per subject, and tries until the server takes it. What is sent
// while the connection breaks is lost without a word, hence the short attempts; what was stored
// without our hearing of it is not stored again, thanks to its id.
func publish(t *testing.T, js jetstream.JetStream, subjects ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, subject := range subjects {
		id := nuid.Next()
		for {
			err := attempt(ctx, js, subject, id)
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				t.Fatalf("publish %s: %v", subject, err)
			}
		}
	}
}

func attempt(ctx context.Context, js jetstream.JetStream, subject, id string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := js.Publish(ctx, subject, []byte("{}"), jetstream.WithMsgID(id), jetstream.WithRetryWait(100*time.Millisecond))
	return err
}
