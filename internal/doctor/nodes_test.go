package doctor

import (
	"testing"
	"time"
)

// Ensure what is wrong with the nodes' names and jars is found, and nothing where all is well.
func TestNodes(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	well := func(name string) Node { return Node{Name: name, Heard: now, Instance: "i", Resource: 1} }
	with := func(n Node, change func(*Node)) Node { change(&n); return n }
	for name, c := range map[string]struct {
		nodes []Node
		check string
		level Level
	}{
		"all is well":            {[]Node{well("kc-0"), well("kc-1")}, "", OK},
		"two under one name":     {[]Node{with(well("kc-0"), func(n *Node) { n.Clash = now.Add(-time.Minute) })}, "name of kc-0", Fault},
		"that was long ago":      {[]Node{with(well("kc-0"), func(n *Node) { n.Clash = now.Add(-time.Hour) })}, "", OK},
		"a container's name":     {[]Node{well("0f3a9c11de42")}, "name of 0f3a9c11de42", Warning},
		"a name that is a word":  {[]Node{well("deadbeef")}, "", OK},
		"one without a resource": {[]Node{well("kc-0"), with(well("kc-1"), func(n *Node) { n.Resource = 0 })}, "listener, read-only resource", Warning},
		"two versions":           {[]Node{well("kc-0"), with(well("kc-1"), func(n *Node) { n.Resource = 2 })}, "listener, read-only resource", Warning},
		"one that has left":      {[]Node{well("kc-0"), with(well("kc-1"), func(n *Node) { n.Resource, n.Leaving = 0, true })}, "", OK},
	} {
		t.Run(name, func(t *testing.T) {
			var found []Finding
			for _, f := range nodes(Seen{Now: now, Skew: time.Hour, Version: compared[len(compared)-1], Nodes: c.nodes}) {
				if f.Level != OK && f.Check != "clock of "+c.nodes[0].Name {
					found = append(found, f)
				}
			}
			if c.check == "" && len(found) == 0 {
				return
			}
			if len(found) != 1 || found[0].Check != c.check || found[0].Level != c.level || found[0].Breaks == "" || found[0].Repair == "" {
				t.Errorf("found %+v, want %q as %s", found, c.check, c.level)
			}
		})
	}
}
