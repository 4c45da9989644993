package main

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

// TestTheStreamsLeaderIsKilled: a cluster of three real NATS servers, of which the one that leads the stream ends again and
// again while a listener publishes. The worker reads on without a restart, everything that was acknowledged is in the
// journal once, and the log is still the one that it was.
func TestTheStreamsLeaderIsKilled(t *testing.T) {
	cluster := testenv.NewNATSCluster(t)
	w := &workertest.World{T: t}
	w.UseDatabase(testenv.Database(t, postgres.MigrateURL))
	w.NATSURL = cluster.URL(testenv.Worker)
	w.Work()
	l := speak(t, cluster)
	for range 2 {
		name, start := cluster.StopLeader()
		began := time.Now()
		seq := l.acknowledged(l.count() + 20)
		published := time.Since(began)
		w.Applied(seq)
		t.Logf("%s led and was ended: 20 more messages were acknowledged after %s, and applied after %s",
			name, published.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
		start()
	}
	w.Applied(l.end())
	ids := l.ids()
	have, err := w.Store.JournalHas(t.Context(), ids)
	must(t, err)
	if len(have) != len(ids) {
		t.Errorf("%d messages were acknowledged, and %d are in the journal", len(ids), len(have))
	}
	var lines, losses int
	must(t, w.Pool.QueryRow(t.Context(), "SELECT count(*), (SELECT count(*) FROM tokenstate.parked) FROM tokenstate.journal WHERE id LIKE 'spoken-%'").Scan(&lines, &losses))
	if lines < len(ids) || losses > 0 {
		t.Errorf("%d acknowledged, %d in the journal, %d parked", len(ids), lines, losses)
	}
}

// speaker publishes as the listener does: one message after the other, each again under its id until it is acknowledged.
type speaker struct {
	t      *testing.T
	js     jetstream.JetStream
	cancel context.CancelFunc
	done   chan struct{}

	mu    sync.Mutex
	more  *sync.Cond
	acked []string
	last  uint64
}

func speak(t *testing.T, cluster *testenv.NATSCluster) *speaker {
	t.Helper()
	_, js := cluster.Connect(testenv.Listener, nats.ReconnectWait(500*time.Millisecond))
	ctx, cancel := context.WithCancel(t.Context())
	l := &speaker{t: t, js: js, cancel: cancel, done: make(chan struct{})}
	l.more = sync.NewCond(&l.mu)
	go l.run(ctx)
	t.Cleanup(func() { cancel(); <-l.done })
	return l
}

func (l *speaker) run(ctx context.Context) {
	defer close(l.done)
	for n := 0; ctx.Err() == nil; n++ {
		m := events.Message{
			ID: fmt.Sprintf("spoken-%06d/l", n), Realm: "demo", At: events.Millis(time.Now().UnixMilli()), Node: "kc1", Server: "26.7.3", Source: events.Listener,
			Body: &events.Happened{Event: fmt.Sprintf("spoken-%06d", n), Kind: "user", Type: "LOGOUT", User: fmt.Sprint("u", n%7)},
		}
		raw, err := events.Encode(m)
		if err != nil {
			l.t.Errorf("encode: %v", err)
			return
		}
		for ctx.Err() == nil {
			short, cancel := context.WithTimeout(ctx, time.Second)
			ack, err := l.js.Publish(short, events.Subject(m), raw, jetstream.WithMsgID(m.ID))
			cancel()
			if err == nil {
				l.mu.Lock()
				l.acked, l.last = append(l.acked, m.ID), max(l.last, ack.Sequence)
				l.mu.Unlock()
				l.more.Broadcast()
				break
			}
		}
	}
	l.more.Broadcast()
}

func (l *speaker) count() int { l.mu.Lock(); defer l.mu.Unlock(); return len(l.acked) }

// acknowledged waits until so many are, and gives the last one's sequence.
func (l *speaker) acknowledged(n int) uint64 {
	l.t.Helper()
	late := time.AfterFunc(workertest.Limit, l.cancel)
	defer late.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.acked) < n {
		select {
		case <-l.done:
			l.t.Fatalf("%d messages of %d were acknowledged within %s", len(l.acked), n, workertest.Limit)
		default:
			l.more.Wait()
		}
	}
	return l.last
}

// end stops speaking and gives the sequence of the last message that was acknowledged.
func (l *speaker) end() uint64 {
	l.cancel()
	<-l.done
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

func (l *speaker) ids() []string { l.mu.Lock(); defer l.mu.Unlock(); return l.acked }
