package canary

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/pause"
)

// Watch plays a round each interval until ctx ends, and tells metrics and log of it.
func (c *Canary) Watch(ctx context.Context, interval time.Duration, m *Measures, logger zerolog.Logger) error {
	for ctx.Err() == nil {
		began := time.Now()
		stages := c.Round(ctx)
		if ctx.Err() != nil {
			break
		}
		m.played(stages)
		if err := Fault(stages); err != nil {
			logger.Error().Err(err).Msg("the canary's round failed")
		} else {
			logger.Info().Dur("took", time.Since(began)).Msg("the canary's round is whole")
		}
		_ = pause.For(ctx, interval-time.Since(began))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Patience)
	defer cancel()
	return c.Close(ctx)
}

// Measures are the canary's metrics.
type Measures struct {
	success, last prometheus.Gauge
	seconds       *prometheus.GaugeVec
}

// NewMeasures registers them.
func NewMeasures(r prometheus.Registerer) *Measures {
	m := &Measures{
		success: prometheus.NewGauge(prometheus.GaugeOpts{Name: "tokenstate_canary_success", Help: "1: the last round was whole; 0: it was not, or none has ended yet"}),
		last: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tokenstate_canary_last_success_timestamp_seconds",
			Help: "when a round was last whole; 0: never",
		}),
		seconds: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tokenstate_canary_seconds",
			Help: "how long a stage of the last round took",
		}, []string{"stage"}),
	}
	r.MustRegister(m.success, m.last, m.seconds)
	return m
}

func (m *Measures) played(stages []Stage) {
	m.seconds.Reset()
	for _, s := range stages {
		m.seconds.WithLabelValues(s.Name).Set(s.Took.Seconds())
	}
	if Fault(stages) != nil {
		m.success.Set(0)
		return
	}
	m.success.Set(1)
	m.last.SetToCurrentTime()
}
