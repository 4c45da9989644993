package workerd

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

// Ensure gauges that must be asked for are asked at the same time: each waits here until all are asked.
func TestGaugesAreAskedSideBySide(t *testing.T) {
	var g askedGauges
	begun, all := make(chan struct{}, 3), make(chan struct{})
	go func() {
		for range 3 {
			<-begun
		}
		close(all)
	}()
	for _, name := range []string{"a", "b", "c"} {
		g.add(name, name, func(ctx context.Context) (float64, error) {
			begun <- struct{}{}
			select {
			case <-all:
				return 1, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		})
	}
	r := prometheus.NewRegistry()
	r.MustRegister(&g)
	found, err := r.Gather()
	workertest.Must(t, err)
	if len(found) != 4 { // and tokenstate_scrape_error
		t.Fatalf("%d gauges", len(found))
	}
	for _, f := range found[:3] {
		if v := f.GetMetric()[0].GetGauge().GetValue(); v != 1 {
			t.Errorf("%s was asked alone: %v", f.GetName(), v)
		}
	}
}

// Ensure of what cannot be asked for there is no sample, for max and rate would take any number for the answer; and that
// what has no value yet is no fault.
func TestWhatCannotBeAskedForHasNoSample(t *testing.T) {
	var g askedGauges
	for name, err := range map[string]error{"known": nil, "unknown": errors.New("Postgres is away"), "early": errNothingYet} {
		g.add(name, name, func(context.Context) (float64, error) { return 5, err })
	}
	workertest.Must(t, testutil.CollectAndCompare(&g, strings.NewReader(`
# HELP known known
# TYPE known gauge
known 5
# HELP tokenstate_scrape_error 1 if the metric of that name could not be asked for, else 0.
# TYPE tokenstate_scrape_error gauge
tokenstate_scrape_error{what="early"} 0
tokenstate_scrape_error{what="known"} 0
tokenstate_scrape_error{what="unknown"} 1
`)))
}
