package mapmodel

// Rules are the deployment's bounds, all in milliseconds.
type Rules struct {
	// Margin: absence from a roster without a naming event counts only for tokens that were
	// at least this old when it was taken, since a new session is written after its event.
	Margin Millis `json:"Margin"`
	// Skew is the largest supported difference between the clocks of Keycloak's nodes; 0 for one node.
	Skew Millis `json:"Skew"`
	// CacheLag is how long an admin look may still show an older user than an event announced.
	CacheLag Millis `json:"CacheLag"`
	// Sweep: who has not been seen for this long is looked at again.
	Sweep Millis `json:"Sweep"`
	// ClosedSweep is the same for users who are disabled or gone, whose keys wait for an enable.
	ClosedSweep Millis `json:"ClosedSweep"`
}

// DefaultRules are safe for a cluster.
func DefaultRules() Rules {
	return Rules{Margin: 10_000, Skew: 5_000, CacheLag: 10_000, Sweep: 6 * 3600_000, ClosedSweep: 300_000}
}

// surelyLater reports whether what a look of a node saw at one time is later than what was seen at another,
// whatever the clocks say. A look over the admin API may show what was true up to the cache lag before its
// own time, so it must be later by that much as well.
func (r Rules) surelyLater(node string, at, than Millis) bool {
	if nobody(node) {
		than += r.CacheLag
	}
	return at > than+r.Skew
}

// MaxAhead is how far a node's clock may run ahead of the log's. Beyond it a message is only a doubt, for
// one that is forged or badly skewed would otherwise have the last word until the log's clock has caught up.
const MaxAhead Millis = 60_000

// NearClock is how far ahead of the log's a node's clock may be for its looks to be taken without another look,
// and how long after its time an event may be told for the look that it caused to settle it.
const NearClock Millis = 5_000

// MaxBehind is how much older than its arrival a listener's message may be and still have the last
// word: beyond it its node's clock may be slow, and what it tells is also looked at again.
const MaxBehind Millis = 60_000
