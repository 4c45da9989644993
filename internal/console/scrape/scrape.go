// Package scrape reads the metrics of our programs, for a day of plots where no Prometheus is.
package scrape

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/console/page"
)

// Bounds.
const (
	Every     = 30 * time.Second
	keepFor   = 24 * time.Hour
	askLimit  = 3 * time.Second
	maxAnswer = 8 << 20
)

// Scraper keeps a day of samples.
type Scraper struct {
	Programs []string       // addresses of admin ports, such as http://127.0.0.1:9090
	Age      func() float64 // of the knowledge, in seconds; negative: never heard
	Logger   zerolog.Logger

	mu      sync.Mutex
	samples []page.Sample
	before  map[string]page.Scrape
	silent  map[string]bool // who did not answer last time
}

// Run asks until ctx ends.
func (s *Scraper) Run(ctx context.Context) error {
	t := time.NewTicker(Every)
	defer t.Stop()
	for {
		s.Once(ctx, time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// Once asks all programs, side by side.
func (s *Scraper) Once(ctx context.Context, at time.Time) {
	now := map[string]page.Scrape{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, program := range s.Programs {
		all.Go(func() {
			got, err := ask(ctx, program, at)
			mu.Lock()
			defer mu.Unlock()
			s.say(program, err)
			if err == nil {
				now[program] = got
			}
		})
	}
	all.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	sample := page.Reckon(at, s.before, now)
	if age := s.Age(); age >= 0 {
		sample.Values["knowledge/age"] = age
	}
	s.before, s.samples = now, append(s.samples, sample)
	if first := slices.IndexFunc(s.samples, func(x page.Sample) bool { return at.Sub(x.At) <= keepFor }); first > 0 {
		s.samples = slices.Delete(s.samples, 0, first)
	}
}

// say logs that a program does not answer, once, and that it does again.
func (s *Scraper) say(program string, err error) {
	if s.silent == nil {
		s.silent = map[string]bool{}
	}
	if was := s.silent[program]; err != nil && !was {
		s.Logger.Warn().Err(err).Str("program", program).Msg("metrics cannot be read; plots have a gap")
	}
	s.silent[program] = err != nil
}

// Samples are what there is, the oldest first.
func (s *Scraper) Samples() []page.Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.samples)
}

func ask(ctx context.Context, program string, at time.Time) (out page.Scrape, err error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, program+"/metrics", nil)
	if err != nil {
		return out, errors.New("the address is none")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return out, fmt.Errorf("it does not answer: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return out, fmt.Errorf("it answers %s", res.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return out, fmt.Errorf("its metrics cannot be read: %w", err)
	}
	return scrapeOf(at, families), nil
}

func scrapeOf(at time.Time, families map[string]*dto.MetricFamily) page.Scrape {
	out := page.Scrape{At: at, Counters: map[string]float64{}, Buckets: map[string]map[float64]float64{}}
	for metric, plot := range map[string]struct{ name, label string }{
		"tokenstate_decisions_total": {"decisions/", "decision"}, "tokenstate_refreshes_total": {"refreshes/", "outcome"},
	} {
		for _, m := range families[metric].GetMetric() {
			out.Counters[plot.name+label(m, plot.label)] += m.GetCounter().GetValue()
		}
	}
	for _, m := range families["tokenstate_revocation_latency_seconds"].GetMetric() {
		name := "latency/" + label(m, "stage")
		if out.Buckets[name] == nil {
			out.Buckets[name] = map[float64]float64{}
		}
		for _, b := range m.GetHistogram().GetBucket() {
			out.Buckets[name][b.GetUpperBound()] += float64(b.GetCumulativeCount())
		}
	}
	return out
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return "all"
}
