// Package condition says whether what tokenstate knows may be relied on, from what its caller has seen: the console's first page
// and GET /v1/status say the same.
package condition

import (
	"fmt"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/hearing"
)

// Seen is what was seen of a running tokenstate.
type Seen struct {
	Now        time.Time
	NotReady   string    // why answers may not be relied on; "" if they may
	KnownUntil time.Time // zero: Keycloak has never spoken
	Nodes      []hearing.Beat
	Log        *Log // nil: the database has not answered yet
	Stale      bool // it does not answer now: Log is an earlier word
}

// Log is how far the log is applied, and what waits.
type Log struct {
	Worker          string    // the machine of the active one; "" if none ever was
	HeldUntil       time.Time // its lease
	Parked, Waiting int64     // messages that could not be read; orders on their way to the log
	OldestWaiting   time.Duration
	Seq             uint64   // applied up to
	EventStoreGap   []string // realms whose event store had what no listener told
	Verified        Verified
}

// Of is the same for somebody who may not know what other realms there are.
func (l Log) Of(sees func(realm string) bool) Log {
	gaps := l.EventStoreGap
	l.EventStoreGap = nil
	for _, realm := range gaps {
		if !sees(realm) {
			realm = "another realm"
		}
		l.EventStoreGap = append(l.EventStoreGap, realm)
	}
	return l
}

// Active reports whether the worker holds its lease.
func (l Log) Active(now time.Time) bool { return l.Worker != "" && !now.After(l.HeldUntil) }

// Verified is the last `revocation-worker verify` that the database knows of.
type Verified struct {
	At    time.Time // zero: never
	By    string
	Sound bool
	Found string
}

// Mark says what came of it.
func (v Verified) Mark() Mark {
	if v.Sound {
		return Mark{Good, "agrees"}
	}
	return Mark{Bad, "differs"}
}

// Tile is one figure with its level.
type Tile struct {
	Name, Value, Means string
	Mark               Mark
}

// Node is one of Keycloak's nodes.
type Node struct {
	Name           string
	Heard          time.Time
	Queued         int
	Dropped        int64
	Mark           Mark
	Ahead          string
	Lost, Instance string
}

// Condition is the answer.
type Condition struct {
	Mark     Mark
	Sentence string
	Tiles    []Tile
	Nodes    []Node
}

// Of answers whether what is known may be relied on.
func Of(s Seen) Condition {
	c := Condition{Tiles: []Tile{readiness(s), age(s)}}
	if s.Log != nil {
		c.Tiles = append(c.Tiles, worker(*s.Log, s.Now), parked(*s.Log), waiting(*s.Log), gaps(*s.Log))
	} else {
		c.Tiles = append(c.Tiles, Tile{"Database", "has not answered", "worker, parked messages and orders are not known", Mark{Bad, "away"}})
	}
	for _, b := range s.Nodes {
		c.Nodes = append(c.Nodes, nodeOf(b, s.Now))
	}
	c.Tiles = append(c.Tiles, nodesTile(c.Nodes))
	c.Mark, c.Sentence = verdict(c.Tiles, s)
	return c
}

func verdict(tiles []Tile, s Seen) (Mark, string) {
	level, wrong := Good, []string{}
	for _, t := range tiles {
		level = worse(level, t.Mark.Level)
		if order[t.Mark.Level] > order[Good] {
			wrong = append(wrong, strings.ToLower(t.Name)+" "+t.Value)
		}
	}
	if s.Stale {
		level, wrong = worse(level, Warn), append(wrong, "the database does not answer now")
	}
	switch level {
	case Bad:
		return Mark{Bad, "No"}, "Something is wrong: " + strings.Join(wrong, "; ") + "."
	case Warn:
		return Mark{Warn, "Almost"}, "Look at this: " + strings.Join(wrong, "; ") + "."
	default:
		return Mark{Good, "Yes"}, fmt.Sprintf("Keycloak is known up to %s ago, worker %s is active, and nothing is parked.", Span(s.Now.Sub(s.KnownUntil)), s.Log.Worker)
	}
}
