package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/vault"
)

// keeping is how authapi does without its database.
type keeping struct {
	path            string
	maxStale, every time.Duration
}

// leastStale is how long a replica is believed that has not heard of its database, at least:
// several polls.
const leastStale = 5 * time.Second

func (k *keeping) addTo(t *settings.Table) {
	t.Text(&k.path, "AUTHAPI_SNAPSHOT_PATH", "", "where the sealed snapshot is kept, for a start while the database is away; a file of this process alone; empty: none is kept")
	t.Duration(&k.maxStale, "AUTHAPI_KEY_MAX_STALE", 24*time.Hour, 0, 30*24*time.Hour, "how long answers are given without a word of the database; 0: no snapshot is used, and a cut-off replica ends within 5s")
	t.Duration(&k.every, "AUTHAPI_SNAPSHOT_INTERVAL", 5*time.Second, time.Second, time.Hour, "how soon a change is in the snapshot on disk")
}

// options has the snapshot kept, and used, within its bound.
func (k *keeping) options(o projection.Options, held vault.Secrets, logger zerolog.Logger) projection.Options {
	o.MaxStale, o.KeepEvery = max(k.maxStale, leastStale), k.every
	switch {
	case k.path != "" && k.maxStale > 0:
		o.Keeper = vault.SnapshotFile{Path: k.path, Keys: held.Snapshot}
	default:
		logger.Warn().Msg("no snapshot is kept: a start while the database is away answers 503; set AUTHAPI_SNAPSHOT_PATH")
	}
	return o
}

func snapshotAge(known *projection.Projection) prometheus.Collector { return keptSince{known} }

type keptSince struct{ known *projection.Projection }

var keptAge = prometheus.NewDesc("tokenstate_snapshot_age_seconds", "Since the snapshot on disk was the database's state. There is none while this process has kept none.", nil, nil)

// Describe implements prometheus.Collector.
func (keptSince) Describe(out chan<- *prometheus.Desc) { out <- keptAge }

// Collect implements prometheus.Collector.
func (k keptSince) Collect(out chan<- prometheus.Metric) {
	if at := k.known.KeptAt(); !at.IsZero() {
		out <- prometheus.MustNewConstMetric(keptAge, prometheus.GaugeValue, time.Since(at).Seconds())
	}
}

// databaseAge is what AUTHAPI_KEY_MAX_STALE bounds. What a standby lags is in it.
func databaseAge(known *projection.Projection) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tokenstate_database_age_seconds", Help: "Since answers were of all that the database had. 0 while nothing is loaded.",
	}, func() float64 {
		if at := known.AsOf(); !at.IsZero() {
			return time.Since(at).Seconds()
		}
		return 0
	})
}

// feedVersion tells how far a replica is: the greatest of all replicas is where the others will be.
func feedVersion(known *projection.Projection) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tokenstate_feed_version", Help: "Version of the state that answers are given from.",
	}, func() float64 { return float64(known.Version()) })
}
