package play

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// NodesOf are the nodes of an environment's Keycloak, one or two. The second is asked under the
// first one's URL, as by a load balancer, since Keycloak makes the issuer of that; only the
// administrator calls it by its own.
func NodesOf(e devstack.Env) []*Keycloak {
	nodes := []*Keycloak{KeycloakOf(e)}
	if u, err := url.Parse(e.Keycloak2URL); err == nil && u.Host != "" {
		nodes = append(nodes, keycloakAt(e, u.Host))
		e.KeycloakURL = e.Keycloak2URL
		nodes[1].Admin = devstack.AdminOf(e)
	}
	return nodes
}

func keycloakAt(e devstack.Env, node string) *Keycloak {
	return &Keycloak{
		URL: e.KeycloakURL, Realm: e.KeycloakRealm, Secret: e.KeycloakClientSecret, Admin: devstack.AdminOf(e), node: node,
		client: &http.Client{Timeout: 2 * time.Minute, Transport: transport(node)},
	}
}

// transport keeps no connection, and sends to node whatever the URL says, unless node is "".
func transport(node string) *http.Transport {
	t := &http.Transport{DisableKeepAlives: true}
	if node != "" {
		t.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, node)
		}
	}
	return t
}

// On is the same browser, with its cookies, whose requests now reach another node.
func (b *Browser) On(k *Keycloak) *Browser {
	other := *b.client
	other.Transport = transport(k.node)
	return &Browser{k, &other}
}
