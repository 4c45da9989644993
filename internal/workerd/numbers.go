package workerd

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenstate/tokenstate/internal/projection"
)

// mostRealms bounds the series. Of more realms, those with the fewest tokens are added up.
const mostRealms = 100

// tokenNumbers tells how many tokens there are, as they were counted last: a scrape counts nothing.
type tokenNumbers struct{ numbers func() projection.Numbers }

var (
	tokensByState = prometheus.NewDesc("tokenstate_tokens",
		"Stored and tracked offline tokens by what is known of them, as old as tokenstate_tokens_age_seconds says. Realm \"\": all realms beyond the hundred largest.",
		[]string{"realm", "state", "in_doubt"}, nil)
	tokensAge = prometheus.NewDesc("tokenstate_tokens_age_seconds", "Since tokenstate_tokens began to be counted. There is none before they were.", nil, nil)
)

// Describe implements prometheus.Collector.
func (tokenNumbers) Describe(out chan<- *prometheus.Desc) {
	out <- tokensByState
	out <- tokensAge
}

// Collect implements prometheus.Collector.
func (t tokenNumbers) Collect(out chan<- prometheus.Metric) {
	n := t.numbers()
	if n.At.IsZero() {
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(tokensAge, time.Since(n.At).Seconds())
	for of, number := range bounded(n.Of) {
		gauge(tokensByState, float64(number), of.Realm, of.State, strconv.FormatBool(of.InDoubt))
	}
}

// bounded has the largest realms, and the others' added up.
func bounded(n map[projection.Judged]int) map[projection.Judged]int {
	sizes := map[string]int{}
	for of, number := range n {
		sizes[of.Realm] += number
	}
	largest := slices.SortedFunc(maps.Keys(sizes), func(a, b string) int { return cmp.Or(cmp.Compare(sizes[b], sizes[a]), cmp.Compare(a, b)) })
	all := map[projection.Judged]int{}
	named := map[string]bool{}
	for _, realm := range largest[:min(len(largest), mostRealms)] {
		named[realm] = true
	}
	for of, number := range n {
		if !named[of.Realm] {
			of.Realm = ""
		}
		all[of] += number
	}
	return all
}
