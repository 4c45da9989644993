package doctor

import (
	"time"

	"github.com/tokenstate/tokenstate/internal/hearing"
)

// NodesOf is what the last heartbeat of each node of Keycloak says.
func NodesOf(beats []hearing.Beat) (nodes []Node) {
	for _, b := range beats {
		clash := time.Time{}
		if b.Clash > 0 {
			clash = b.Clash.Time()
		}
		nodes = append(nodes, Node{
			Name: b.Node, Heard: b.Received.Time(), Ahead: time.Duration(b.At-b.Received) * time.Millisecond, Dropped: b.Dropped, Queued: b.Queued,
			Leaving: b.Leaving, Instance: b.Instance, Clash: clash, Resource: b.Resource,
		})
	}
	return nodes
}
