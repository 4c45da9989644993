package tokens

import "github.com/prometheus/client_golang/prometheus"

// Outcomes of asking for an access token.
const (
	outcomeSkipped     = "skipped"
	outcomeCache       = "cache"
	outcomeOK          = "ok"
	outcomeRefused     = "refused"
	outcomeUnavailable = "unavailable"
)

// Metrics count what became of tokens. No label holds an id.
type Metrics struct{ refreshes, unopened, logouts *prometheus.CounterVec }

// NewMetrics registers them.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		refreshes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tokenstate_refreshes_total", Help: "Access tokens asked for, by outcome; skipped: known to be refused, Keycloak was not called.",
		}, []string{"outcome"}),
		unopened: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tokenstate_unopened_tokens_total", Help: "Sealed tokens that did not open; altered: changed, or another row's; key_missing: its key is not in the keyset.",
		}, []string{"reason"}),
		logouts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tokenstate_backchannel_logouts_total", Help: "Logout tokens, by outcome; undecided: told to be sent again, for keys or database were away.",
		}, []string{"outcome"}),
	}
	for _, o := range []string{outcomeSkipped, outcomeCache, outcomeOK, outcomeRefused, outcomeUnavailable} {
		m.refreshes.WithLabelValues(o)
	}
	for _, o := range []string{logoutTaken, logoutRefused, logoutUndecided} {
		m.logouts.WithLabelValues(o)
	}
	m.unopened.WithLabelValues("altered")
	m.unopened.WithLabelValues("key_missing")
	r.MustRegister(m.refreshes, m.unopened, m.logouts)
	return m
}

func (m *Metrics) refreshed(outcome string) { m.refreshes.WithLabelValues(outcome).Inc() }
