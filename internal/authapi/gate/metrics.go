package gate

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Metrics count what is decided. No label holds an id.
type Metrics struct {
	decisions, shed *prometheus.CounterVec
	panics          prometheus.Counter
	calls           *prometheus.HistogramVec
}

// NewMetrics registers them.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tokenstate_decisions_total", Help: "Decisions about keys, about tokens, about users' best tokens, and on gateways' requests without a key.",
		}, []string{"decision", "reason"}),
		shed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tokenstate_shed_total", Help: "Calls told to come back because too much was asked at once.",
		}, []string{"kind"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tokenstate_panics_total", Help: "Requests answered 503 because of a fault of ours.",
		}),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tokenstate_request_duration_seconds", Help: "Calls answered: by route, which is unmatched for a path that there is not, and status. A gateway's over gRPC have the status that its caller gets.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9),
		}, []string{"route", "status"}),
	}
	for _, kind := range []string{"request", "refresh", "wait", "logout_token", "story", "stream"} {
		m.shed.WithLabelValues(kind)
	}
	r.MustRegister(m.decisions, m.shed, m.panics, m.calls)
	return m
}

// Shed counts a call that was told to come back.
func (m *Metrics) Shed(kind string) { m.shed.WithLabelValues(kind).Inc() }

// Answered counts a call. A route has no id in it.
func (m *Metrics) Answered(route string, status int, took time.Duration) {
	m.calls.WithLabelValues(cmp.Or(route, "unmatched"), strconv.Itoa(cmp.Or(status, http.StatusOK))).Observe(took.Seconds())
}

// Decided counts a decision.
func (m *Metrics) Decided(what string, open bool, reason string) {
	decision := what + "_refused"
	if open {
		decision = what + "_admitted"
	}
	m.decisions.WithLabelValues(decision, reason).Inc()
}

// Judged counts a verdict about a token, or about a user's best one.
func (m *Metrics) Judged(what string, v tokenstate.Verdict) {
	if v.State == tokenstate.Unknown && v.Reason == "" {
		v.Reason = v.State.String()
	}
	m.Decided(what, v.State == tokenstate.Usable, v.Reason)
}
