package doctor

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// container is the name that a container runtime gives: the beginning of a random id.
var container = regexp.MustCompile(`^[0-9a-f]{12}$`)

// nodeName: a node is known by its name alone, so that two under one name overwrite each other's word,
// and one whose name changes at each start leaves a silent node behind.
func nodeName(n Node, now time.Time) (fs []Finding) {
	const repair = "give each Keycloak node a name of its own that stays: the listener's option node (spi-events-listener--tokenstate--node)"
	if !n.Clash.IsZero() && now.Sub(n.Clash) <= forgotten {
		fs = append(fs, Finding{
			"name of " + n.Name, Fault, "two processes speak under it in turn", "their heartbeats overwrite each other, so what one has not delivered is not known, and their looks are put in one order although their clocks differ", repair,
		})
	}
	if container.MatchString(n.Name) {
		fs = append(fs, Finding{
			"name of " + n.Name, Warning, "looks like a container's", "each restart makes another node, and the old one counts as silent for ten minutes", repair,
		})
	}
	return fs
}

// resources: what a node's jar offers decides how Keycloak is looked at there.
func resources(nodes []Node) []Finding {
	var lacking []string
	versions := map[int]bool{}
	for _, n := range nodes {
		if n.Resource == 0 {
			lacking = append(lacking, n.Name)
			continue
		}
		versions[n.Resource] = true
	}
	f := Finding{Check: "listener, read-only resource", Level: OK, Found: "is offered by every node"}
	switch {
	case len(nodes) == 0:
		return nil
	case len(lacking) > 0:
		f.Level, f.Found = Warning, "is not offered by "+strings.Join(lacking, " ")
		f.Breaks = "there Keycloak is looked at over its admin API, which fills its caches and validates the users of directories"
		f.Repair = "put this release's jar on every Keycloak node and restart it"
	case len(versions) > 1:
		f.Level, f.Found = Warning, fmt.Sprintf("comes in %d versions", len(versions))
		f.Breaks, f.Repair = "the same question gets answers of two kinds", "put one jar on every Keycloak node and restart it"
	}
	return []Finding{f}
}
