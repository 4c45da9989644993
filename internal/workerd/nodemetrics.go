package workerd

import (
	"cmp"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenstate/tokenstate/internal/hearing"
)

// mostNodes bounds the series: a name that changes at each restart must not fill Prometheus.
const mostNodes = 100

// nodeMetrics tells of each Keycloak node that still counts, at each scrape anew: who is gone leaves no
// series behind. The age without a label is that of the node that was heard last.
type nodeMetrics struct {
	beats func() []hearing.Beat
	now   func() time.Time
}

const listenerAge = "tokenstate_listener_age_seconds"

const listenerAgeHelp = "Since a Keycloak node was heard; without a node: since any was."

var (
	anyAge      = prometheus.NewDesc(listenerAge, listenerAgeHelp, nil, nil)
	nodeAge     = prometheus.NewDesc(listenerAge, listenerAgeHelp, []string{"node"}, nil)
	nodeQueued  = prometheus.NewDesc("tokenstate_listener_queued", "Messages that a Keycloak node had not delivered when it was last heard.", []string{"node"}, nil)
	nodeOldest  = prometheus.NewDesc("tokenstate_listener_oldest_seconds", "How old the oldest of them was then.", []string{"node"}, nil)
	nodeDropped = prometheus.NewDesc("tokenstate_listener_dropped", "Messages that a Keycloak node has dropped since it started.",
		[]string{"node"}, nil)
)

// Describe says nothing: one name has series with and without a label, which only an unchecked
// collector may have.
func (nodeMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (m nodeMetrics) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	beats := hearing.Counting(m.beats())
	slices.SortFunc(beats, func(a, b hearing.Beat) int { return cmp.Compare(b.Received, a.Received) })
	last := time.UnixMilli(0)
	if len(beats) > 0 {
		last = beats[0].Received.Time()
	}
	gauge(anyAge, m.now().Sub(last).Seconds())
	for _, b := range beats[:min(len(beats), mostNodes)] {
		gauge(nodeAge, m.now().Sub(b.Received.Time()).Seconds(), b.Node)
		gauge(nodeQueued, float64(b.Queued), b.Node)
		gauge(nodeOldest, float64(b.Received-b.Delivered())/1000, b.Node)
		gauge(nodeDropped, float64(b.Dropped), b.Node)
	}
}

// storeAlarms tells of the realms whose stores' users are not looked at any more.
type storeAlarms struct{ alarmed func() []string }

var storeAlarm = prometheus.NewDesc("tokenstate_store_alarm", "1: users of this realm's user stores came back as gone after a change, and are not looked at over the admin API.", []string{"realm"}, nil)

// Describe implements prometheus.Collector.
func (storeAlarms) Describe(out chan<- *prometheus.Desc) { out <- storeAlarm }

// Collect implements prometheus.Collector.
func (a storeAlarms) Collect(out chan<- prometheus.Metric) {
	for _, realm := range a.alarmed() {
		out <- prometheus.MustNewConstMetric(storeAlarm, prometheus.GaugeValue, 1, realm)
	}
}
