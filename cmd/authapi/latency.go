package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// latency measures how old the news of an end were when answers began to reflect them.
func latency(r prometheus.Registerer) func(projection.Change) {
	h := ops.RevocationLatency()
	r.MustRegister(h)
	return func(c projection.Change) {
		if at := endedAt(c.Fact); at > 0 {
			h.WithLabelValues(c.Fact.Kind(), "enforced").Observe(time.Since(at.Time()).Seconds())
		}
	}
}

// endedAt is when a fact closed something; 0 if it did not.
func endedAt(r tokenstate.Row) tokenstate.Millis {
	switch f := r.(type) {
	case tokenstate.StandingRow:
		if f.Value.Gone || f.Value.Disabled || f.Value.NoOffline {
			return f.Value.At
		}
	case tokenstate.SightingRow:
		if f.ID.Gone {
			return f.Value.At
		}
	case tokenstate.CutoffRow:
		return f.Value.At
	case tokenstate.RefusalRow:
		if f.Value.Refused {
			return f.Value.At
		}
	}
	return 0
}
