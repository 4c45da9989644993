package condition

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Bounds of what is said without alarm. They are those of the shipped alert rules.
const (
	freshFor  = time.Minute
	oldFor    = 10 * time.Minute
	waitsLong = 5 * time.Minute
	silentFor = time.Minute
)

func readiness(s Seen) Tile {
	t := Tile{"Answers", "may be relied on", "a worker has read the log to its end in this history of the database", Mark{Good, "ready"}}
	if s.NotReady != "" {
		t.Value, t.Mark = "may not be relied on", Mark{Bad, "not ready"}
		t.Means = s.NotReady
	}
	return t
}

func age(s Seen) Tile {
	t := Tile{Name: "Knowledge", Means: "since Keycloak was known completely"}
	if s.KnownUntil.IsZero() {
		t.Value, t.Mark = "of Keycloak there is none", Mark{Bad, "never heard"}
		return t
	}
	d := s.Now.Sub(s.KnownUntil)
	t.Value = "is " + Span(d) + " old"
	switch {
	case d <= freshFor:
		t.Mark = Mark{Good, "fresh"}
	case d <= oldFor:
		t.Mark = Mark{Warn, "aging"}
	default:
		t.Mark = Mark{Bad, "old"}
	}
	return t
}

func worker(l Log, now time.Time) Tile {
	t := Tile{Name: "Worker", Means: "applies the log and looks at Keycloak", Value: l.Worker + " is active", Mark: Mark{Good, "active"}}
	switch {
	case l.Worker == "":
		t.Value, t.Mark = "was never there", Mark{Bad, "none"}
	case !l.Active(now):
		t.Value, t.Mark = l.Worker+" was the last active one", Mark{Bad, "none active"}
	}
	return t
}

func parked(l Log) Tile {
	t := Tile{"Parked", strconv.FormatInt(l.Parked, 10) + " messages", "that could not be read", Mark{Good, "none"}}
	if l.Parked > 0 {
		t.Mark = Mark{Warn, "to be looked at"}
	}
	return t
}

func waiting(l Log) Tile {
	t := Tile{
		"Orders on their way", strconv.FormatInt(l.Waiting, 10), "they act already; the log does not have them yet",
		Mark{Good, "moving"},
	}
	if l.OldestWaiting > waitsLong {
		t.Value, t.Mark = t.Value+", the oldest for "+Span(l.OldestWaiting), Mark{Warn, "stuck"}
	}
	return t
}

func gaps(l Log) Tile {
	t := Tile{"Event stores", "agree with the listeners", "each realm's event store is read behind the listener", Mark{Good, "complete"}}
	if len(l.EventStoreGap) > 0 {
		t.Value, t.Mark = "had what no listener told: "+strings.Join(l.EventStoreGap, ", "), Mark{Warn, "gap"}
	}
	return t
}

// Span is a length of time as a person would say it.
func Span(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 2*time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
}
