package workerd

import (
	"bytes"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/doctor"
	"github.com/tokenstate/tokenstate/internal/events/stream"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/testenv"
	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

// Ensure a log that answers and stores nothing is seen by metric, log and self-test, and its recovery, too.
func TestALogThatStoresNothing(t *testing.T) {
	w := workertest.New(t)
	log, err := stream.Connect(t.Context(), stream.Options{URL: w.NATS.URL(testenv.Worker), Inbox: "_INBOX_wo", Name: "writable", Logger: zerolog.Nop()})
	workertest.Must(t, err)
	defer log.Close()
	var said bytes.Buffer
	source := pgsource.New(w.Pool, pollEvery)
	defer source.Close()
	p := &running{log: Log{log}, store: w.Store, known: projection.New(source, projection.Options{}, zerolog.Nop()), logger: zerolog.New(&said)}
	p.measures = newMeasures(prometheus.NewRegistry(), p)
	_, js := w.NATS.Connect(testenv.Operator)
	limit := func(bytes int64) {
		t.Helper()
		s, err := js.Stream(t.Context(), stream.Name)
		workertest.Must(t, err)
		config := s.CachedInfo().Config
		config.MaxBytes = bytes
		_, err = js.UpdateStream(t.Context(), config)
		workertest.Must(t, err)
	}
	for i, full := range []bool{false, true, false} {
		limit(map[bool]int64{false: -1, true: 1}[full])
		said.Reset()
		p.tryLogOnce(t.Context())
		found := false
		for _, f := range doctor.Examine(doctor.Seen{Unwritten: p.unwrittenWhy()}) {
			found = found || f.Check == "log, writing" && f.Level == doctor.Fault && strings.Contains(f.Repair, "restart")
		}
		if n := testutil.ToFloat64(p.measures.unwritable); n == 1 != full || found != full || strings.Contains(said.String(), "disk full") != full {
			t.Errorf("step %d: metric %v, found %v, said %s", i, n, found, said.String())
		}
	}
}
