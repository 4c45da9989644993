package truth_test

import (
	"context"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// learner reads the log in order and folds it, as the worker will.
type learner struct {
	mu    sync.Mutex
	facts tokenstate.Facts
}

func learn(t *testing.T) *learner {
	t.Helper()
	nc, err := nats.Connect(env(t, "NATS_URL"), nats.CustomInboxPrefix("_INBOX_op"))
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := js.OrderedConsumer(context.Background(), "TOKENSTATE", jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	l := &learner{facts: tokenstate.NewFacts()}
	reading, err := consumer.Consume(func(m jetstream.Msg) { l.take(t, m) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reading.Stop(); <-reading.Closed(); nc.Close() })
	return l
}

func (l *learner) take(t *testing.T, msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil {
		t.Error(err)
		return
	}
	m, err := events.Decode(msg.Data())
	if err == nil {
		m, err = events.Arrived(m, msg.Subject(), events.Millis(meta.Timestamp.UnixMilli()))
	}
	if err != nil {
		t.Errorf("%s: %v", msg.Subject(), err)
		return
	}
	l.add(tokenstate.Learn(m))
}

func (l *learner) add(f tokenstate.Facts) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.facts.Add(f)
}

func (l *learner) judge(t tokenstate.Token, r tokenstate.Rules) tokenstate.Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	return tokenstate.Judge(t, l.facts, r)
}

func (l *learner) due(ts []tokenstate.Token, r tokenstate.Rules, now tokenstate.Millis) []tokenstate.Doubt {
	l.mu.Lock()
	defer l.mu.Unlock()
	return tokenstate.Due(ts, nil, l.facts, r, now)
}
