package doctor

import (
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// The clocks that matter: each Keycloak node's against the log's (a heartbeat has both times),
// Keycloak's against the database's, by which orders are dated and tokens' ages reckoned, and the
// worker's own.

const (
	believed = time.Duration(tokenstate.MaxAhead) * time.Millisecond
	prompt   = time.Duration(tokenstate.MaxBehind) * time.Millisecond
)

// nodeClock: a log that is slow makes all nodes seem fast, so the repair names both.
func nodeClock(n Node, skew time.Duration) Finding {
	f := Finding{Check: "clock of " + n.Name, Level: OK, Found: "within the supported skew"}
	if n.Ahead.Abs() <= max(skew, time.Second) {
		return f
	}
	f.Level, f.Found = Warning, "differs from the log's by "+n.Ahead.Round(time.Millisecond).String()
	f.Breaks, f.Repair = "looks of different nodes are put in a wrong order", "synchronise the clocks (NTP), or raise WORKER_SKEW above that"
	switch {
	case n.Ahead > believed:
		f.Level, f.Breaks = Fault, "nothing that it says is believed: all of it only raises doubts, which looks over the admin API settle"
		f.Repair = "synchronise the clocks (NTP) of this node and of NATS; if all nodes differ, it is that of NATS"
	case n.Ahead < -prompt:
		f.Level, f.Breaks = Fault, "its word is never the last: whomever it tells of is looked at again over the admin API"
		f.Repair = "synchronise the clocks (NTP) of this node and of NATS; if they agree, its messages take that long to NATS"
	}
	return f
}

// against compares a clock with the database's.
func against(check string, ahead time.Duration, s Seen, breaks string) Finding {
	f := Finding{Check: check, Level: OK, Found: "agrees with the database's"}
	if ahead.Abs() <= max(s.Skew, 2*time.Second) {
		return f
	}
	f.Level, f.Found = Warning, fmt.Sprintf("differs from the database's by %s", ahead.Round(time.Millisecond))
	f.Breaks, f.Repair = breaks, "synchronise the clocks (NTP)"
	if ahead.Abs() > s.Margin {
		f.Level = Fault
	}
	return f
}
