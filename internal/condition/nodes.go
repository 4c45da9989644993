package condition

import (
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/hearing"
)

func nodeOf(b hearing.Beat, now time.Time) Node {
	n := Node{
		Name: b.Node, Heard: b.Received.Time().UTC(), Queued: b.Queued, Dropped: b.Dropped, Instance: b.Instance, Mark: Mark{Good, "heard"},
	}
	if b.Node == "" {
		n.Name = "(without a name)"
	}
	if d := b.At.Time().Sub(b.Received.Time()); d > 2*time.Second || d < -2*time.Second {
		n.Ahead = fmt.Sprintf("%+.1f s", d.Seconds())
	}
	if b.Lost.To > 0 {
		n.Lost = "until " + b.Lost.To.Time().UTC().Format(time.DateTime)
	}
	switch {
	case b.Leaving:
		n.Mark = Mark{None, "left"}
	case now.Sub(n.Heard) > silentFor:
		n.Mark = Mark{Warn, "silent"}
	case n.Lost != "":
		n.Mark = Mark{Warn, "lost messages"}
	}
	return n
}

func nodesTile(nodes []Node) Tile {
	t := Tile{Name: "Keycloak's nodes", Means: "each says every few seconds that it is there", Mark: Mark{Good, "heard"}}
	heard, wrong := 0, 0
	for _, n := range nodes {
		switch n.Mark.Level {
		case Good:
			heard++
		case Warn, Bad:
			wrong++
		case None:
		}
	}
	t.Value = fmt.Sprintf("%d heard", heard)
	switch {
	case wrong > 0:
		t.Value, t.Mark = fmt.Sprintf("%d heard, %d not as they should be", heard, wrong), Mark{Warn, "see below"}
	case heard == 0:
		t.Value, t.Mark = "none is heard", Mark{Bad, "silent"}
	}
	return t
}
