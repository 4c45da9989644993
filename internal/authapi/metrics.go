package authapi

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Outcomes of asking for an access token.
const (
	outcomeSkipped     = "skipped"
	outcomeCache       = "cache"
	outcomeOK          = "ok"
	outcomeRefused     = "refused"
	outcomeUnavailable = "unavailable"
)

// Metrics count what is decided. No label holds an id.
type Metrics struct {
	refreshes, decisions, unopened, shed, logouts *prometheus.CounterVec
	panics, actsLost                              prometheus.Counter
}

// NewMetrics registers them.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		refreshes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tokenstate_refreshes_total", Help: "Access tokens asked for, by outcome; skipped: known to be refused, Keycloak was not called.",
		}, []string{"outcome"}),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tokenstate_decisions_total", Help: "Decisions about keys, about tokens, about users' best tokens, and on gateways' requests without a key.",
		}, []string{"decision", "reason"}),
		unopened: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tokenstate_unopened_tokens_total", Help: "Sealed tokens that did not open; altered: changed, or another row's; key_missing: its key is not in the keyset.",
		}, []string{"reason"}),
		shed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tokenstate_shed_total", Help: "Calls told to come back because too much was asked at once.",
		}, []string{"kind"}),
		logouts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tokenstate_backchannel_logouts_total", Help: "Logout tokens, by outcome; undecided: told to be sent again, for keys or database were away.",
		}, []string{"outcome"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tokenstate_panics_total", Help: "Requests answered 503 because of a fault of ours.",
		}),
		actsLost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tokenstate_audit_lost_total", Help: "Acts with a service credential that the audit lacks.",
		}),
	}
	for _, o := range []string{outcomeSkipped, outcomeCache, outcomeOK, outcomeRefused, outcomeUnavailable} {
		m.refreshes.WithLabelValues(o)
	}
	m.shed.WithLabelValues("request")
	m.shed.WithLabelValues("refresh")
	m.shed.WithLabelValues("wait")
	m.shed.WithLabelValues("logout_token")
	m.shed.WithLabelValues("story")
	for _, o := range []string{logoutTaken, logoutRefused, logoutUndecided} {
		m.logouts.WithLabelValues(o)
	}
	m.unopened.WithLabelValues("altered")
	m.unopened.WithLabelValues("key_missing")
	r.MustRegister(m.refreshes, m.decisions, m.unopened, m.shed, m.logouts, m.panics, m.actsLost)
	return m
}

func (m *Metrics) decided(what string, open bool, reason string) {
	decision := what + "_refused"
	if open {
		decision = what + "_admitted"
	}
	m.decisions.WithLabelValues(decision, reason).Inc()
}

// judged counts a verdict about a token, or about a user's best one.
func (m *Metrics) judged(what string, v tokenstate.Verdict) {
	if v.State == tokenstate.Unknown && v.Reason == "" {
		v.Reason = v.State.String()
	}
	m.decided(what, v.State == tokenstate.Usable, v.Reason)
}

func (m *Metrics) refreshed(outcome string) { m.refreshes.WithLabelValues(outcome).Inc() }
