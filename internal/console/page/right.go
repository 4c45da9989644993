package page

import (
	"cmp"
	"slices"
	"time"

	"github.com/tokenstate/tokenstate/internal/condition"
)

// Mark is a word with its level: the pages share both with whoever asks for the condition over HTTP.
type Mark = condition.Mark

// Level says how good something is.
type Level = condition.Level

// The levels, from good to bad. None is for what is neither.
const (
	None = condition.None
	Good = condition.Good
	Warn = condition.Warn
	Bad  = condition.Bad
)

// Log is how far the log is applied, and what waits.
type Log struct {
	condition.Log
	Stream                       string
	StreamMade                   time.Time
	JournalN, ExportedN, PrunedN int64
	Replays                      []Replay
	Readings                     []Reading
	Rules                        []Setting
	Confirmed                    bool
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

// Right is the page.
type Right struct {
	condition.Condition
	Realms []RealmLine
	Stale  bool
	LogAt  time.Time
}

// RealmLine is how many users of a realm hold something here.
type RealmLine struct {
	Name  string
	Users int
}

// RealmsOf are the realms that somebody sees, by name.
func RealmsOf(users map[string]int, sees func(realm string) bool) []RealmLine {
	var out []RealmLine
	for name, n := range users {
		if sees(name) {
			out = append(out, RealmLine{name, n})
		}
	}
	slices.SortFunc(out, func(a, b RealmLine) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func mark(l Level, word string) Mark { return Mark{Level: l, Word: word} }
