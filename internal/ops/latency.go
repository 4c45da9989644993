package ops

import "github.com/prometheus/client_golang/prometheus"

// RevocationLatency is the histogram that a worker fills with what it has committed, and a replica of authapi with what
// its answers reflect. A name has one help, whichever program a scrape comes from.
func RevocationLatency() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "tokenstate_revocation_latency_seconds",
		Help:    "From Keycloak's event or look until a worker had committed it (stage committed: all of them), or until a replica's answers reflected it (stage enforced: those that end something).",
		Buckets: prometheus.ExponentialBuckets(0.005, 2, 16),
	}, []string{"kind", "stage"})
}
