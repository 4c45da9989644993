package testenv

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// NATSCluster is three servers in this process with the users and rights of deploy/nats.conf, and the stream with
// three replicas. Any of them can be stopped and started again on its address and data.
type NATSCluster struct {
	t       testing.TB
	members []*member
}

// member is one server and the route by which the others reach it.
type member struct {
	NATS
	name, route string
}

// NewNATSCluster starts one (a few seconds, in which a leader is elected), which ends with the test.
func NewNATSCluster(tb testing.TB) *NATSCluster {
	tb.Helper()
	c := &NATSCluster{t: tb}
	for n := range 3 {
		addr, err := devstack.FreeAddr()
		route, err2 := devstack.FreeAddr()
		if err != nil || err2 != nil {
			tb.Fatalf("testenv: %v %v", err, err2)
		}
		m := &member{NATS: NATS{t: tb, dir: tb.TempDir()}, name: fmt.Sprint("nats-", n), route: route}
		if _, err := fmt.Sscanf(addr, "127.0.0.1:%d", &m.port); err != nil {
			tb.Fatalf("testenv: %s: %v", addr, err)
		}
		c.members = append(c.members, m)
	}
	for _, m := range c.members {
		m.change = func(o *server.Options) { c.join(m, o) }
		tb.Cleanup(m.Stop)
		m.Start()
	}
	c.createStream()
	return c
}

// join makes one member's options those of the cluster.
func (c *NATSCluster) join(m *member, o *server.Options) {
	o.ServerName, o.Cluster.Name, o.Cluster.Host = m.name, "tests", "127.0.0.1"
	if _, err := fmt.Sscanf(m.route, "127.0.0.1:%d", &o.Cluster.Port); err != nil {
		c.t.Fatalf("testenv: %v", err)
	}
	for _, other := range c.members {
		if other != m {
			o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: other.route})
		}
	}
}

// createStream tries until the cluster has a leader who can, and waits until all replicas hold the stream: until then
// nobody could be elected if its first holder were stopped.
func (c *NATSCluster) createStream() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), limit)
	defer cancel()
	_, js := c.Connect(Operator)
	var err error
	if !again(ctx, func() bool { err = c.tryToCreate(ctx, js); return err == nil }) {
		c.t.Fatalf("testenv: make the stream of three replicas: %v", err)
	}
	c.inSync(js)
}

func (c *NATSCluster) tryToCreate(ctx context.Context, js jetstream.JetStream) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := devstack.CreateStream(ctx, c.URL(Operator)); err != nil {
		return err
	}
	s, err := js.Stream(ctx, streamName)
	if err != nil {
		return err
	}
	config := s.CachedInfo().Config
	config.Replicas = len(c.members)
	_, err = js.UpdateStream(ctx, config)
	return err
}

// URL is the addresses of all members with the credentials of a user, as NATS_URL takes them.
func (c *NATSCluster) URL(user string) string {
	all := make([]string, 0, len(c.members))
	for _, m := range c.members {
		all = append(all, m.URL(user))
	}
	return strings.Join(all, ",")
}

// Connect connects a user until the end of the test.
func (c *NATSCluster) Connect(user string, options ...nats.Option) (*nats.Conn, jetstream.JetStream) {
	c.t.Helper()
	return connect(c.t, c.URL(user), user, options)
}

// StopLeader ends the member that leads the stream, and gives what starts it again and waits until all replicas hold
// everything.
func (c *NATSCluster) StopLeader() (leader string, start func()) {
	c.t.Helper()
	_, js := c.Connect(Operator)
	ctx, cancel := context.WithTimeout(c.t.Context(), limit)
	defer cancel()
	var m *member
	if !again(ctx, func() bool { m = c.leads(js); return m != nil }) {
		c.t.Fatal("testenv: the stream has no leader")
	}
	m.Stop()
	return m.name, func() { m.Start(); c.inSync(js) }
}

// leads is the member that leads the stream; nil while one is elected.
func (c *NATSCluster) leads(js jetstream.JetStream) *member {
	info := c.info(js)
	for _, m := range c.members {
		if info != nil && m.name == info.Leader {
			return m
		}
	}
	return nil
}

func (c *NATSCluster) inSync(js jetstream.JetStream) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), limit)
	defer cancel()
	if !again(ctx, func() bool { return c.current(js) == len(c.members)-1 }) {
		c.t.Fatal("testenv: the replicas do not catch up")
	}
}

// current is how many replicas beside the leader hold everything.
func (c *NATSCluster) current(js jetstream.JetStream) (n int) {
	info := c.info(js)
	if info == nil || info.Leader == "" {
		return 0
	}
	for _, r := range info.Replicas {
		if r.Current && !r.Offline {
			n++
		}
	}
	return n
}

func (c *NATSCluster) info(js jetstream.JetStream) *jetstream.ClusterInfo {
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Second)
	defer cancel()
	s, err := js.Stream(ctx, streamName)
	if err != nil {
		return nil // while a leader is elected
	}
	return s.CachedInfo().Cluster
}
