package workerd

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/backfill"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/worker"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

// Ensure a loss puts everybody in doubt, by a message that a replay learns too, turns the event
// store's watermark back behind what may be lost, and counts once for each report.
func TestALossIsMadeUpFor(t *testing.T) {
	w := workertest.New(t)
	w.History(0, 16)
	w.Tracked(workertest.Plain("a", "s1"))
	workertest.Must(t, w.Store.PutBackfill(t.Context(), postgres.Backfill{Realm: "demo", Upto: 1 << 50}))
	log, err := stream.Connect(t.Context(), stream.Options{URL: w.NATS.URL(testenv.Worker), Inbox: "_INBOX_wo", Name: "heal", Logger: zerolog.Nop()})
	workertest.Must(t, err)
	defer log.Close()
	p := &running{
		config: &workerconfig.Config{}, store: w.Store, log: Log{log}, logger: zerolog.Nop(),
		backfill: &backfill.Backfill{Soon: make(chan struct{}, 1)}, measures: &measures{losses: prometheus.NewCounter(prometheus.CounterOpts{Name: "x"})},
	}
	info, err := p.log.Info(t.Context())
	workertest.Must(t, err)
	f, _, err := w.Store.Facts(t.Context())
	workertest.Must(t, err)
	if tokenstate.Judge(workertest.Plain("a", "s1"), f, tokenstate.DefaultRules()).InDoubt {
		t.Fatal("in doubt before anything was lost")
	}
	for range 2 { // a worker that is killed in between reports it again
		workertest.Must(t, p.heal(t.Context(), worker.Loss{Reason: "test", Floor: journal.Floor{Seq: 3}, Info: info}))
	}
	w.Applied(info.Last + 1)
	f, _, err = w.Store.Facts(t.Context())
	workertest.Must(t, err)
	if !tokenstate.Judge(workertest.Plain("a", "s1"), f, tokenstate.DefaultRules()).InDoubt {
		t.Error("a token is not in doubt")
	}
	if !tokenstate.Owner("demo", "a", f, tokenstate.DefaultRules()).InDoubt {
		t.Error("an owner of keys is not in doubt")
	}
	bs, err := w.Store.Backfills(t.Context())
	workertest.Must(t, err)
	var received int64
	workertest.Must(t, w.Pool.QueryRow(t.Context(), "SELECT max(received_ms) FROM tokenstate.journal WHERE class <> 'event' OR id NOT LIKE 'loss-%'").Scan(&received))
	if got := int64(bs[0].Upto); got > received-lossMargin.Milliseconds() {
		t.Errorf("the event store is read from %d, and messages after %d may be lost", got, received)
	}
	if n := testutil.ToFloat64(p.measures.losses); n != 2 {
		t.Errorf("%v losses are counted", n)
	}
	for range 2 {
		workertest.Must(t, p.healStore(t.Context(), "demo", 1000))
	}
	w.Applied(info.Last + 2)
	have, err := w.Store.HaveEvents(t.Context(), []string{"loss-store-1000/demo"})
	workertest.Must(t, err)
	if n := testutil.ToFloat64(p.measures.losses); n != 4 || !have["loss-store-1000/demo"] {
		t.Errorf("a loss of the event store is not told once and counted: %v, %v", have, n)
	}
	if len(p.backfill.Soon) != 1 {
		t.Error("the backfill is not asked for")
	}
	workertest.Must(t, w.Store.Freeze(t.Context(), false, func(_ context.Context, z postgres.Frozen) error {
		r, err := recovery.Verify(t.Context(), z, nil, func(int64, int64) {})
		if err == nil && !r.Sound() {
			t.Errorf("a replay would not learn the losses: %+v", r)
		}
		return err
	}))
}
