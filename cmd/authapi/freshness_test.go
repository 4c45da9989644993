package main

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure who goes on deciding by old knowledge says so from AUTHAPI_STANDING_MAX_AGE on.
func TestStandingStale(t *testing.T) {
	var until tokenstate.Millis
	r := prometheus.NewRegistry()
	r.MustRegister(standingStale(time.Now, func() tokenstate.Millis { return until }, time.Minute))
	for age, want := range map[time.Duration]float64{0: 0, 50 * time.Second: 0, 70 * time.Second: 1, 24 * time.Hour: 1} {
		until = tokenstate.Millis(time.Now().Add(-age).UnixMilli())
		all, err := r.Gather()
		must(t, err)
		if got := all[0].GetMetric()[0].GetGauge().GetValue(); got != want {
			t.Errorf("after %s: %v", age, got)
		}
	}
}
