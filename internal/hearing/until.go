package hearing

import "github.com/tokenstate/tokenstate/internal/events"

// ForgetAfter is how long a silent node holds knowledge back while others speak: it may have
// crashed with events undelivered, until backfill and sweep must have found them.
const ForgetAfter events.Millis = 10 * 60_000

// Reading is how far the event store of one realm is known. Missed: the last reading found what no
// listener had delivered.
type Reading struct {
	Realm  string        `json:"Realm"`
	Upto   events.Millis `json:"Upto"`  // rows from before are read and will not be read again
	Known  events.Millis `json:"Known"` // what Keycloak had committed by then has been read; 0: see Upto
	Missed bool          `json:"Missed"`
}

// Until is the time up to which all that Keycloak said is known; 0 if nobody has ever told. It joins
// what nodes say of themselves and what the event stores showed. A node without the listener sends
// no heartbeat and is missed by nobody: its events are only in the store, so once there were such,
// the heartbeats of the others say nothing.
//
// skew is how far the clocks of Keycloak's nodes may differ, for rows are dated by them.
func Until(beats []Beat, readings []Reading, skew events.Millis) events.Millis {
	read := ReadUntil(readings, skew)
	for _, r := range readings {
		if r.Missed {
			return read
		}
	}
	return max(heardUntil(beats, read), read)
}

// ReadUntil is the time up to which the event stores of all realms are known. The overlap, which
// each reading goes back for rows that were written late, is not time of which nothing is known:
// what was not committed yet had not happened.
func ReadUntil(readings []Reading, skew events.Millis) (read events.Millis) {
	for i, r := range readings {
		if upto := max(r.Upto, r.Known-skew); i == 0 || upto < read {
			read = upto
		}
	}
	return read
}

// Counting are the nodes that are not gone: who left in good order is, and who is silent for long while
// others speak.
func Counting(beats []Beat) (counting []Beat) {
	var latest events.Millis
	for _, b := range beats {
		latest = max(latest, b.Received)
	}
	for _, b := range beats {
		if b.Received >= latest-ForgetAfter && (!b.Leaving || b.Oldest > 0) {
			counting = append(counting, b)
		}
	}
	return counting
}

// heardUntil holds at the last clean heartbeat of a node that has lost something, until the event
// stores have been read beyond. Neither its silence nor its good end makes up for a loss.
func heardUntil(beats []Beat, read events.Millis) (until events.Millis) {
	first := true
	hold := func(at events.Millis) {
		if first || at < until {
			until, first = at, false
		}
	}
	for _, b := range Counting(beats) {
		hold(b.Delivered())
	}
	for _, b := range beats {
		if b.Lost.To > 0 && !b.Lost.over(read) {
			hold(b.Lost.From)
		}
	}
	return until
}
