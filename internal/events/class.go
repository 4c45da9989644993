package events

import "strings"

// Class implements Body.
func (*Happened) Class() Class { return ClassEvent }

// Class implements Body.
func (*Observation) Class() Class { return ClassObservation }

// Class implements Body.
func (*Order) Class() Class { return ClassOrder }

// Class implements Body.
func (*Pardon) Class() Class { return ClassPardon }

// Class implements Body.
func (*Heartbeat) Class() Class { return ClassHeartbeat }

// Class implements Body.
func (*Mark) Class() Class { return ClassMark }

func (h *Happened) name() string { return strings.ReplaceAll(h.Type, " ", "_") }
func (o *Order) name() string    { return o.Order }
func (*Pardon) name() string     { return "cause" }
func (*Mark) name() string       { return "worker" }

// A heartbeat's name is its node, which only the envelope knows.
func (*Heartbeat) name() string { return "" }

func (o *Observation) name() string {
	switch {
	case o.User != nil:
		return "user"
	case len(o.Rosters) > 0 && o.Rosters[0].User != "":
		return "user"
	case len(o.Rosters) > 0 && o.Rosters[0].Session != "":
		return "session"
	case len(o.Clients) > 0 || len(o.Rosters) > 0:
		return "client"
	default:
		return "realm"
	}
}
