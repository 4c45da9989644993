package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// knowledgeAge and standingStale are told the database's time, and until when Keycloak is known
// completely, 0 for never.
func knowledgeAge(now func() time.Time, until func() tokenstate.Millis) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tokenstate_knowledge_age_seconds", Help: "Since Keycloak was known completely.",
	}, func() float64 { return now().Sub(until().Time()).Seconds() })
}

// standingStale is the alarm that best_effort owes: strict would answer 503 to keys by now, but for
// those whose owners were looked at since.
func standingStale(now func() time.Time, until func() tokenstate.Millis, maxAge time.Duration) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tokenstate_standing_stale", Help: "1: Keycloak has not been known completely for longer than AUTHAPI_STANDING_MAX_AGE.",
	}, func() float64 {
		if now().Sub(until().Time()) > maxAge {
			return 1
		}
		return 0
	})
}
