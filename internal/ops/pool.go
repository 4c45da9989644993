package ops

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// Pool tells of a program's connections to Postgres, at each scrape anew.
type Pool struct{ *pgxpool.Pool }

var (
	poolConnections = prometheus.NewDesc("tokenstate_pool_connections", "Connections to Postgres, by state: idle, in use, or being made.", []string{"state"}, nil)
	poolMost        = prometheus.NewDesc("tokenstate_pool_connections_max", "Connections that the program may have at once.", nil, nil)
	poolWaits       = prometheus.NewDesc("tokenstate_pool_waits_total", "Times that somebody had to wait for a connection, since none was idle.", nil, nil)
	poolWaited      = prometheus.NewDesc("tokenstate_pool_wait_seconds_total", "For how long they waited, all together.", nil, nil)
	poolGivenUp     = prometheus.NewDesc("tokenstate_pool_given_up_total", "Times that somebody gave up waiting for a connection.", nil, nil)
)

// Describe implements prometheus.Collector.
func (Pool) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{poolConnections, poolMost, poolWaits, poolWaited, poolGivenUp} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (p Pool) Collect(out chan<- prometheus.Metric) {
	s := p.Stat()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v)
	}
	gauge(poolConnections, float64(s.IdleConns()), "idle")
	gauge(poolConnections, float64(s.AcquiredConns()), "in_use")
	gauge(poolConnections, float64(s.ConstructingConns()), "connecting")
	gauge(poolMost, float64(s.MaxConns()))
	counter(poolWaits, float64(s.EmptyAcquireCount()))
	counter(poolWaited, s.EmptyAcquireWaitTime().Seconds())
	counter(poolGivenUp, float64(s.CanceledAcquireCount()))
}
