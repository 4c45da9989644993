package page

import (
	"fmt"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/hearing"
)

// Seen is what "Is it right?" is told.
type Seen struct {
	Now        time.Time
	NotReady   string    // why answers may not be relied on; "" if they may
	KnownUntil time.Time // zero: Keycloak has never spoken
	Nodes      []hearing.Beat
	Realms     map[string]int // users with a token or a key, by realm
	Log        *Log           // nil: the database has not answered yet
	Stale      bool           // it does not answer now: Log is of LogAt
	LogAt      time.Time
}

// Log is how far the log is applied, and what waits.
type Log struct {
	Worker          string    // the machine of the active one; "" if none ever was
	HeldUntil       time.Time // its lease
	Parked, Waiting int64
	OldestWaiting   time.Duration
	Seq             uint64
	EventStoreGap   []string // realms whose event store had what no listener told

	Stream                       string
	StreamMade                   time.Time
	JournalN, ExportedN, PrunedN int64
	Replays                      []Replay
	Readings                     []Reading
	Rules                        []Setting
	Confirmed                    bool
	Verified                     Verified
}

// Replay is a replay that is under way, or was interrupted.
type Replay struct {
	Source   string
	Position int64
	Updated  time.Time
}

// Reading is how far a realm's event store is read.
type Reading struct {
	Realm  string
	Upto   time.Time
	Missed bool
}

// Setting is one that is in force. Of a secret it says only that there is one.
type Setting struct{ Name, Value string }

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

// Right is the page.
type Right struct {
	Mark     Mark
	Sentence string
	Tiles    []Tile
	Nodes    []Node
	Realms   []RealmLine
	Stale    bool
	LogAt    time.Time
}

// RealmLine is how many users of a realm hold something here.
type RealmLine struct {
	Name  string
	Users int
}

// RightOf answers whether what is shown elsewhere may be relied on.
func RightOf(s Seen) Right {
	r := Right{Stale: s.Stale, LogAt: s.LogAt, Tiles: []Tile{readiness(s), age(s)}, Realms: realmsOf(s.Realms)}
	if s.Log != nil {
		r.Tiles = append(r.Tiles, worker(*s.Log, s.Now), parked(*s.Log), waiting(*s.Log), gaps(*s.Log))
	} else {
		r.Tiles = append(r.Tiles, Tile{"Database", "has not answered", "worker, parked messages and orders are not known", Mark{Bad, "away"}})
	}
	for _, b := range s.Nodes {
		r.Nodes = append(r.Nodes, nodeOf(b, s.Now))
	}
	r.Tiles = append(r.Tiles, nodesTile(r.Nodes))
	r.Mark, r.Sentence = verdict(r.Tiles, s)
	return r
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
