package devstack

import (
	"os"
	"time"
)

// The worker's settings for a single small machine with one Keycloak node, so that every
// verdict settles within seconds. A deployment keeps the defaults, which are several times as
// large. All are in this one place, because the truth test's patience depends on them.
const (
	settlingMargin = "2s"    // absence counts for tokens older than this at the look
	skew           = "0s"    // one node has one clock
	cacheLag       = "200ms" // how long a cache may answer with the past
	lookRate       = "200"   // looks a second
	lookInterval   = "200ms" // how often the worker asks itself what is due
	backfillEvery  = "2s"    // how often Keycloak's event store is read
	overlap        = "30s"   // how much later than its time a row may appear there
	noticeSettle   = "1s"    // for how long nothing must have changed before people are told of it
	grace          = "5s"    // how long the listener may take before its event counts as missed
)

// Two nodes have two clocks, and each a cache of its own that hears of the other's changes. The
// margin covers the skew: the clock of a token's iat may be behind that of the look.
const (
	clusterSkew     = 5 * time.Second
	clusterMargin   = clusterSkew + 2*time.Second
	clusterCacheLag = time.Second
)

// Settles is how long after the last action every verdict is settled: what the contract promises
// of one node. With two a look proves something only when it is later by skew and cache lag, or,
// of a token that it does not list, by the margin on top of a clock ahead; the worker doubles its
// pauses, so the look that does may come after twice that.
func Settles(nodes int) time.Duration {
	const one = 4 * time.Second
	if nodes > 1 {
		return one + 2*max(clusterSkew+clusterCacheLag, clusterMargin)
	}
	return one
}

func tuning(cluster bool) []string {
	margin, skew, lag := settlingMargin, skew, cacheLag
	if cluster {
		margin, skew, lag = clusterMargin.String(), clusterSkew.String(), clusterCacheLag.String()
	}
	return append(ownerSweep(), []string{
		"WORKER_SETTLING_MARGIN=" + margin,
		"WORKER_SKEW=" + skew,
		"WORKER_CACHE_LAG=" + lag,
		"WORKER_LOOK_RATE=" + lookRate,
		"WORKER_LOOK_INTERVAL=" + lookInterval,
		"WORKER_BACKFILL_INTERVAL=" + backfillEvery,
		"WORKER_BACKFILL_OVERLAP=" + overlap,
		"WORKER_BACKFILL_GRACE=" + grace,
		"WORKER_NOTICE_SETTLE=" + noticeSettle,
	}...)
}

// OwnerSweepVariable says how often all owners are found again, which is seldom otherwise: it is the only way to hear of
// users who are removed without a word, and pages that come every few seconds would be in every measurement.
const OwnerSweepVariable = "DEVSTACK_OWNER_SWEEP"

func ownerSweep() []string {
	if every := os.Getenv(OwnerSweepVariable); every != "" {
		return []string{"WORKER_OWNER_SWEEP=" + every}
	}
	return nil
}

// The listener's settings, likewise.
const (
	birthDelayMS = "500" // Keycloak's own: a younger session may not be there yet
	heartbeatMS  = "1000"
)
