// Package hearing says what the heartbeats of Keycloak's nodes prove: up to when all that a node
// had to say has been delivered, and for which time nobody can vouch. It is pure.
package hearing

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tokenstate/tokenstate/internal/events"
)

// Beat is what the heartbeats of one Keycloak node say together: its last one, and what earlier ones
// have left open.
type Beat struct {
	Node     string        `json:"Node"`
	At       events.Millis `json:"At"`
	Received events.Millis `json:"Received"`
	Oldest   events.Millis `json:"Oldest"` // of what it had not delivered; 0: it had delivered all
	Queued   int           `json:"Queued"`
	Dropped  int64         `json:"Dropped"` // since its process started
	Leaving  bool          `json:"Leaving"`
	Instance string        `json:"Instance"` // of its process; "": an older jar, which does not tell
	Resource int           `json:"Resource"` // API version of its read-only resource; 0: none

	Lost    Span          `json:"Lost"`
	Earlier []string      `json:"Earlier"` // processes before this one, the latest first
	Clash   events.Millis `json:"Clash"`   // when an earlier process last spoke again: two nodes bear this name; 0: never
}

// Span is a time of which messages of a node may be lost; To 0: none.
type Span struct {
	From events.Millis `json:"From"`
	To   events.Millis `json:"To"`
}

// maxEarlier bounds what is remembered of a node that restarts again and again.
const maxEarlier = 4

// Read is one heartbeat as the log holds it.
func Read(node string, at, received events.Millis, value []byte) (Beat, error) {
	var h events.Heartbeat
	if err := json.Unmarshal(value, &h); err != nil {
		return Beat{}, fmt.Errorf("heartbeat of a node: %w", err)
	}
	b := Beat{
		Node: node, At: at, Received: received, Queued: h.Queued, Dropped: h.Dropped, Leaving: h.Leaving,
		Instance: h.Instance, Resource: h.Resource,
	}
	if h.Queued > 0 {
		b.Oldest = h.Oldest
	}
	return b, nil
}

// Next is b after the heartbeat n, when the event stores have been read up to read. The zero Beat is
// a node that was never heard.
func (b Beat) Next(n Beat, read events.Millis) Beat {
	if n.Received <= b.Received {
		return b // it came again, or late
	}
	n.Lost, n.Earlier, n.Clash = b.Lost, b.Earlier, b.Clash
	if n.Lost.over(read) {
		n.Lost = Span{}
	}
	if b.loses(n) {
		n.Lost = n.Lost.and(Span{b.Delivered(), n.Received})
	}
	if n.Instance != b.Instance && b.Instance != "" {
		if slices.Contains(b.Earlier, n.Instance) {
			n.Clash = n.Received
		}
		others := slices.DeleteFunc(slices.Clone(b.Earlier), func(i string) bool { return i == n.Instance })
		n.Earlier = append([]string{b.Instance}, others[:min(len(others), maxEarlier-1)]...)
	}
	return n
}

// loses: between b and n messages of the node may have been lost: its queue was full, or its process
// ended without delivering its rest. Older jars name no process, so that their restart cannot be told
// from a fault.
func (b Beat) loses(n Beat) bool {
	switch {
	case n.Instance == "" || b.Instance == "" && b.Received != 0:
		return false
	case n.Instance == b.Instance:
		return n.Dropped > b.Dropped
	}
	crashed := b.Received != 0 && (!b.Leaving || b.Queued > 0)
	return crashed || n.Dropped > 0
}

// Delivered is the time, by the log's clock, up to which the node had delivered all when it spoke.
// Its own clock only tells how far it lags.
func (b Beat) Delivered() events.Millis {
	if b.Oldest > 0 && b.At > b.Oldest {
		return b.Received - (b.At - b.Oldest)
	}
	return b.Received
}

// over: whatever was lost has been read from Keycloak's event stores.
func (s Span) over(read events.Millis) bool { return read >= s.To }

func (s Span) and(o Span) Span {
	if s.To == 0 {
		return o
	}
	return Span{min(s.From, o.From), max(s.To, o.To)}
}
