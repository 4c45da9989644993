package tokenstate

import "github.com/tokenstate/tokenstate/internal/events"

// Learn is what one message teaches. It never looks at stored tokens or at a clock of ours.
// A message from a node whose clock is too far ahead of the log's is only a doubt.
func Learn(m events.Message) Facts {
	f := NewFacts()
	f.Learn(m)
	return f
}

// Learn joins what a message teaches into f, for folds over many messages: f.Add(Learn(m)) would make sheets for each
// of them only to join them.
func (f Facts) Learn(m events.Message) {
	at, trusted := when(m)
	switch b := m.Body.(type) {
	case *events.Happened:
		learnHappened(f, m, b, at, trusted)
	case *events.Observation:
		if trusted {
			learnObservation(f, m, b, at)
		}
		if realmOnlySaidGone(m, b) {
			f.raise(Doubt{Scope: Scope{Realm: m.Realm}}, "", max(m.Received, at), m.ID)
		}
		if !trusted || late(m) || early(m) {
			distrust(f, m, b, max(m.Received, at))
		}
	case *events.Order:
		learnOrder(f, m, b)
	case *events.Pardon:
		f.putPardon(b.Cause, Pardoned{At: logTime(m), By: b.By, Reason: b.Reason}, false)
	case *events.Heartbeat, *events.Mark:
		// The worker keeps these beside the facts: they say how fresh knowledge is, not what it is.
	}
}

// when is the time of a message by which its facts are ranked: that of the Keycloak node that spoke. Two looks of
// a node are in the order in which it took them, and not in the order in which they arrived, which the log's own
// time would put them in wherever Keycloak's clock is ahead of the log's. Too far ahead, nothing is believed.
func when(m events.Message) (at Millis, trusted bool) {
	if m.Received == 0 || m.At-m.Received <= MaxAhead {
		return m.At, true
	}
	return m.Received, false
}

// capped is the time of an event as a final fact may use it: not later than the log's, since nothing takes back
// what a clock that is ahead would cut off.
func capped(m events.Message) Millis {
	if m.Received != 0 {
		return min(m.At, m.Received)
	}
	return m.At
}

// logTime is the time of a message that does not come from Keycloak: the log's own where that is
// earlier, but for authapi's orders the database's, by which they acted before the log had them.
func logTime(m events.Message) Millis {
	if m.Source == events.Authapi {
		return m.At
	}
	return capped(m)
}

// late: the message came long after what it tells, or its node's clock is far behind the log's;
// nothing tells which. What a slow clock saw last would count as older than what another node saw
// before, so somebody must look again by the log's time.
func late(m events.Message) bool {
	byNode := m.Source == events.Listener || m.Source == events.Look && m.Node != "" // through the resource of a node's jar
	return byNode && m.Received != 0 && m.Received-m.At > MaxBehind
}

// early: the node's clock is ahead of the log's by more than clocks are expected to differ. What it sees counts as
// later than what other nodes see in the next seconds, so somebody must look again after them.
func early(m events.Message) bool {
	return m.Source == events.Listener && m.Received != 0 && m.At-m.Received > NearClock
}

// distrust turns a look from a clock far from the log's into doubts on what it looked at, which
// only a look that is surely later can settle.
func distrust(f Facts, m events.Message, o *events.Observation, at Millis) {
	if o.User != nil {
		f.raise(Doubt{Scope: Scope{Realm: m.Realm, User: o.User.User}}, "", at, m.ID)
	}
	for _, c := range o.Clients {
		f.raise(Doubt{Scope: Scope{Realm: m.Realm, Client: c.Client}}, "", at, m.ID)
	}
	if o.Realm != nil {
		f.raise(Doubt{Scope: Scope{Realm: m.Realm}}, "", at, m.ID)
	}
}

func (f Facts) raise(d Doubt, node string, at Millis, event string) {
	f.putDoubt(DoubtKey{Doubt: d}, node, Raised{At: at, Event: event}, false)
}
