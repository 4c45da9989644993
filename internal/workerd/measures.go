package workerd

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/notice"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// measures are the worker's metrics. What must be asked for is asked at each scrape.
type measures struct {
	latency *prometheus.HistogramVec
	losses  prometheus.Counter
	active  prometheus.Gauge
	role    *prometheus.GaugeVec
	failing prometheus.Gauge

	unwritable prometheus.Gauge
	notices    *prometheus.CounterVec
	deliveries *prometheus.CounterVec

	findings *prometheus.GaugeVec
	tested   prometheus.Gauge
}

func newMeasures(r prometheus.Registerer, p *running) *measures {
	m := &measures{
		latency: ops.RevocationLatency(),
		losses:  prometheus.NewCounter(prometheus.CounterOpts{Name: "tokenstate_log_losses_total", Help: "Times that the log was found to lack messages, or Keycloak's event store rows that nobody had read."}),
		active:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "tokenstate_worker_active", Help: "1 if this worker is the active one."}),
	}
	m.role = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "tokenstate_worker_info",
		Help: "1, under this worker's role: active or standby.",
	}, []string{"role"})
	m.is(standby)
	m.failing = prometheus.NewGauge(prometheus.GaugeOpts{Name: "tokenstate_batch_failures", Help: "How often in a row the batch at the floor could not be applied; 0 after a commit."})
	m.unwritable = prometheus.NewGauge(prometheus.GaugeOpts{Name: "tokenstate_log_unwritable", Help: "1 if the active worker could not write into the log when it last tried, every 15 s."})
	m.ofNotices(p)
	m.findings = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "tokenstate_selftest_findings", Help: "What the last self-test found not to be in order; see the log, or revocation-worker doctor.",
	}, []string{"level"})
	m.tested = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "tokenstate_selftest_timestamp_seconds",
		Help: "When the last self-test was made, since 1970.",
	})
	r.MustRegister(ops.BuildInfo("revocation-worker"), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), ops.Pool{Pool: p.pool})
	r.MustRegister(m.latency, m.losses, m.active, m.role, m.failing, m.unwritable, m.notices, m.deliveries, m.findings, m.tested)
	r.MustRegister(storeAlarms{p.stores.Alarmed}, nodeMetrics{p.known.Nodes, time.Now}, tokenNumbers{p.known.Numbers}, p.askedGauges())
	return m
}

func (m *measures) ofNotices(p *running) {
	m.notices = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tokenstate_notices_total",
		Help: "Notices that this worker has written: that a user must log in again, is closed and so on.",
	}, []string{"type"})
	for _, kind := range notice.Types() {
		m.notices.WithLabelValues(string(kind))
	}
	m.deliveries = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tokenstate_notice_deliveries_total",
		Help: "Attempts to deliver a notice to an endpoint: delivered, failed and to be tried again, or parked for good.",
	}, []string{"endpoint", "result"})
	for endpoint := range p.endpoints.receivers {
		for _, result := range []string{worker.DeliveryDone, worker.DeliveryFailed, worker.DeliveryParked} {
			m.deliveries.WithLabelValues(endpoint, result)
		}
	}
}

// The roles of a worker.
const (
	active  = "active"
	standby = "standby"
)

func (m *measures) is(role string) {
	m.role.Reset()
	m.role.WithLabelValues(role).Set(1)
	m.active.Set(map[string]float64{active: 1}[role])
}

// tried counts an attempt to deliver a notice.
func (m *measures) tried(endpoint, result string) {
	m.deliveries.WithLabelValues(endpoint, result).Inc()
}

// told counts a notice.
func (m *measures) told(kind notice.Type) { m.notices.WithLabelValues(string(kind)).Inc() }

// applied measures how old the news of a batch were when they were committed.
func (m *measures) applied(b journal.Batch) {
	now := time.Now()
	for _, line := range b.Lines {
		if line.Class != string(events.ClassEvent) && line.Class != string(events.ClassObservation) {
			continue
		}
		m.latency.WithLabelValues(line.Class, "committed").Observe(now.Sub(line.At.Time()).Seconds())
	}
}
