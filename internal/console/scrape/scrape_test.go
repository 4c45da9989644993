package scrape

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

const metrics = `# TYPE tokenstate_decisions_total counter
tokenstate_decisions_total{decision="key_admitted",reason=""} %[1]d
tokenstate_decisions_total{decision="key_refused",reason="expired"} 1
tokenstate_decisions_total{decision="key_refused",reason="revoked"} %[1]d
# TYPE tokenstate_revocation_latency_seconds histogram
tokenstate_revocation_latency_seconds_bucket{kind="event",stage="enforced",le="0.5"} %[1]d
tokenstate_revocation_latency_seconds_bucket{kind="event",stage="enforced",le="+Inf"} %[1]d
tokenstate_revocation_latency_seconds_sum{kind="event",stage="enforced"} 1
tokenstate_revocation_latency_seconds_count{kind="event",stage="enforced"} %[1]d
`

// Ensure what programs add from scrape to scrape becomes samples, one that is away or talks nonsense
// leaves a gap and one line in the log, and no more than a day is kept.
func TestScraper(t *testing.T) {
	var n, mode atomic.Int64
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch mode.Load() {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			_, _ = fmt.Fprint(w, "{nonsense")
		default:
			_, _ = fmt.Fprintf(w, metrics, n.Load())
		}
	}))
	defer program.Close()
	defer http.DefaultClient.CloseIdleConnections()
	var log strings.Builder
	s := &Scraper{Programs: []string{program.URL, "http://127.0.0.1:1"}, Age: func() float64 { return 3 }, Logger: zerolog.New(&log)}
	at := time.Unix(1_800_000_000, 0)
	for i, step := range []struct{ mode, add int64 }{{0, 10}, {0, 60}, {1, 0}, {2, 0}, {0, 0}, {0, 30}} {
		mode.Store(step.mode)
		n.Add(step.add)
		s.Once(t.Context(), at.Add(time.Duration(i)*Every))
	}
	got := s.Samples()
	if len(got) != 6 || got[0].Values["knowledge/age"] != 3 {
		t.Fatalf("%+v", got)
	}
	if v := got[1].Values; v["decisions/key_admitted"] != 2 || v["decisions/key_refused"] != 2 || v["latency/enforced p50"] != 0.25 {
		t.Errorf("the second: %v", v)
	}
	for _, i := range []int{0, 2, 3, 4} {
		if _, ok := got[i].Values["decisions/key_admitted"]; ok {
			t.Errorf("sample %d has what was not measured: %v", i, got[i].Values)
		}
	}
	if v := got[5].Values["decisions/key_admitted"]; v != 1 {
		t.Errorf("after the gap: %v", v)
	}
	if lines := strings.Count(log.String(), "\n"); lines != 2 {
		t.Errorf("%d lines for two silences: %s", lines, &log)
	}
	s.Once(t.Context(), at.Add(48*time.Hour))
	if left := s.Samples(); len(left) != 1 {
		t.Errorf("two days later there are %d", len(left))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ended); err != nil {
		t.Error(err)
	}
}
