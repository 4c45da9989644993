package bench

import (
	"net/http"
	"net/http/httptest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/projection"
)

// watched is what probes, scrapers and the worker's clock ask at once.
func (b *bench) watched(source projection.Source) {
	b.Helper()
	known := projection.New(source, projection.Options{LoadLimit: 1 << 40}, zerolog.Nop())
	b.running(known.Run)
	b.must(known.WaitVersion(b.Context(), 1))
	now := func() events.Millis { return events.Millis(known.Now().UnixMilli()) }
	known.Due(now())
	b.row("an idle tick of Due", "ms", atMost(5), milliseconds(b.rounds, func() { known.Due(now()) })...)
	a := &ops.Admin{Gatherer: b.gauges(known), Checks: []ops.Check{{Name: "caught-up", Ask: known.Ready}}}
	for _, path := range []string{"/metrics", "/readyz"} {
		b.row("GET "+path, "ms", atMost(5), milliseconds(b.rounds, func() {
			w := httptest.NewRecorder()
			a.Handler().ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil))
			if w.Code != http.StatusOK {
				b.Fatalf("%s: %d %s", path, w.Code, w.Body)
			}
		})...)
	}
}

// gauges are those of a program that follows.
func (b *bench) gauges(known *projection.Projection) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector())
	for name, ask := range map[string]func() float64{
		"bench_known_until": func() float64 { return float64(known.KnownUntil()) }, "bench_swept_until": func() float64 { return float64(known.SweptUntil()) },
		"bench_version": func() float64 { return float64(known.Version()) }, "bench_kept": func() float64 { return float64(known.KeptAt().Unix()) },
	} {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name}, ask))
	}
	return registry
}
