// Package workertest is what tests of the worker and of its commands have in common.
package workertest

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// Limit is how long a test waits for what must come, on the slowest machine.
const Limit = 2 * time.Minute

// World is a real Postgres, a real NATS with the rights of deploy/nats.conf, and a worker that
// reads; there is no Keycloak, whose words the test says itself.
type World struct {
	T     *testing.T
	NATS  *testenv.NATS
	URL   string // the database's
	Pool  *pgxpool.Pool
	Store *postgres.Store
	// NATSURL is the worker's.
	NATSURL string
	// Stop ends the worker.
	Stop func()

	began events.Millis
	as    map[string]jetstream.JetStream
}

// New is a world of its own, for one test.
func New(t *testing.T) *World {
	t.Helper()
	w := &World{T: t, NATS: testenv.NewNATS(t), as: map[string]jetstream.JetStream{}, began: recently()}
	w.NATSURL = w.NATS.URL(testenv.Worker)
	w.UseDatabase(testenv.Database(t, postgres.MigrateURL))
	t.Setenv("NATS_URL", w.NATS.URL(testenv.Operator))
	t.Setenv("KEYCLOAK_REALM", "") // make test's
	w.Work()
	return w
}

// UseDatabase makes url the one that commands and this test use.
func (w *World) UseDatabase(url string) {
	w.T.Helper()
	pool, err := pgxpool.New(w.T.Context(), url)
	Must(w.T, err)
	w.T.Cleanup(pool.Close)
	w.URL, w.Pool, w.Store = url, pool, postgres.New(pool)
	w.T.Setenv("DATABASE_URL", url)
}

// Work starts a worker without looks; stop ends it.
func (w *World) Work() {
	w.T.Helper()
	log, err := stream.Connect(w.T.Context(), stream.Options{URL: w.NATSURL, Inbox: "_INBOX_wo", Name: "worker", Logger: zerolog.Nop()})
	Must(w.T, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	one := &worker.Worker{Log: log, Store: w.Store, Epochs: w.Store, Logger: zerolog.Nop()}
	go func() { defer close(done); _ = one.Run(ctx) }()
	stopped := false
	w.Stop = func() {
		if !stopped {
			stopped = true
			cancel()
			<-done
			log.Close()
		}
	}
	w.T.Cleanup(w.Stop)
}

// Say publishes raw as whoever may; id is JetStream's, not the message's.
func (w *World) Say(subject, id string, raw []byte) uint64 {
	w.T.Helper()
	who, inbox := testenv.Worker, "_INBOX_wo"
	told := strings.Contains(subject, ".event.") || strings.Contains(subject, ".observation.") // by the listener, if no source ends it
	switch {
	case strings.Contains(subject, ".heartbeat."), told && strings.Count(subject, ".") == 4:
		who, inbox = testenv.Listener, "_INBOX_kc"
	case strings.Contains(subject, ".pardon."):
		who, inbox = testenv.Operator, "_INBOX_op"
	}
	js := w.as[who]
	if js == nil {
		nc, err := nats.Connect(w.NATS.URL(who), nats.CustomInboxPrefix(inbox))
		Must(w.T, err)
		w.T.Cleanup(nc.Close)
		js, err = jetstream.New(nc)
		Must(w.T, err)
		w.as[who] = js
	}
	ack, err := js.Publish(w.T.Context(), subject, raw, jetstream.WithMsgID(id))
	Must(w.T, err)
	return ack.Sequence
}

// Applied waits until the worker has committed a sequence.
func (w *World) Applied(seq uint64) {
	w.T.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(Limit); ; {
		f, err := w.Store.Floor(w.T.Context())
		if err == nil && f.Seq >= seq {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			w.T.Fatalf("sequence %d is not applied, the floor is %d, %v", seq, f.Seq, err)
		}
	}
}

// Dump is all facts, in one order.
func (w *World) Dump() string {
	w.T.Helper()
	f, _, err := w.Store.Facts(w.T.Context())
	Must(w.T, err)
	var b bytes.Buffer
	Must(w.T, f.Dump(&b))
	return b.String()
}

// DropFacts is an operator's accident.
func (w *World) DropFacts() {
	w.T.Helper()
	for _, kind := range []string{"standing", "look", "sighting", "refusal", "cutoff", "pardon", "doubt"} {
		_, err := w.Pool.Exec(w.T.Context(), "TRUNCATE tokenstate.fact_"+kind)
		Must(w.T, err)
	}
}

// Must ends the test with err.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
