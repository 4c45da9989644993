package main

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
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
		g.add(name, name, func(ctx context.Context) float64 {
			begun <- struct{}{}
			select {
			case <-all:
				return 1
			case <-ctx.Done():
				return -1
			}
		})
	}
	r := prometheus.NewRegistry()
	r.MustRegister(g)
	found, err := r.Gather()
	must(t, err)
	if len(found) != 3 {
		t.Fatalf("%d gauges", len(found))
	}
	for _, f := range found {
		if v := f.GetMetric()[0].GetGauge().GetValue(); v != 1 {
			t.Errorf("%s was asked alone: %v", f.GetName(), v)
		}
	}
}
