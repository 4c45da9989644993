package logstream_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tokenstate/tokenstate/internal/logstream"
)

const limit = time.Minute

// TestEnsureLeavesTheOperatorsSettings: on a cluster of three, what an operator chose for a stream
// that stands survives a second setup, and what programs rely on is put right.
func TestEnsureLeavesTheOperatorsSettings(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	js := cluster(ctx, t)
	made, err := logstream.Ensure(ctx, js, 3)
	must(t, err)
	c := made.CachedInfo().Config
	if c.Replicas != 3 || !c.DenyDelete {
		t.Fatalf("made with %d replicas, deny delete %v", c.Replicas, c.DenyDelete)
	}
	c.MaxAge, c.MaxBytes, c.MaxMsgSize = 60*24*time.Hour, 1<<30, 1<<10
	c.Placement, c.Metadata = &jetstream.Placement{Cluster: "three"}, map[string]string{"owner": "ops"}
	_, err = js.UpdateStream(ctx, c)
	must(t, err)

	after, err := logstream.Ensure(ctx, js, 1)
	must(t, err)
	got := after.CachedInfo().Config
	if got.Replicas != 3 || got.MaxAge != c.MaxAge || got.MaxBytes != c.MaxBytes || got.Placement == nil || got.Placement.Cluster != "three" || got.Metadata["owner"] != "ops" {
		t.Errorf("a second setup took what the operator chose: %+v", got)
	}
	if got.MaxMsgSize != logstream.Config().MaxMsgSize {
		t.Errorf("what programs rely on was left wrong: messages up to %d bytes", got.MaxMsgSize)
	}
}

// cluster starts three servers in this process and waits until they have a leader.
func cluster(ctx context.Context, t *testing.T) jetstream.JetStream {
	t.Helper()
	var routes []string
	var ports []int
	for range 3 {
		port := freePort(t)
		ports, routes = append(ports, port), append(routes, fmt.Sprintf("nats://127.0.0.1:%d", port))
	}
	var url string
	for i, port := range ports {
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprintf("n%d", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
			JetStream: true, StoreDir: t.TempDir(), Routes: server.RoutesFromStr(routes[0] + "," + routes[1] + "," + routes[2]),
			Cluster: server.ClusterOpts{Name: "three", Host: "127.0.0.1", Port: port},
		})
		must(t, err)
		s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		if !s.ReadyForConnections(limit) {
			t.Fatal("a server of the cluster is not ready")
		}
		url = s.ClientURL()
	}
	nc, err := nats.Connect(url)
	must(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err)
	for tick := time.NewTicker(50 * time.Millisecond); ; { // until there is a leader who answers
		short, cancel := context.WithTimeout(ctx, time.Second)
		_, err := js.AccountInfo(short)
		cancel()
		if err == nil {
			tick.Stop()
			return js
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the cluster has no leader: %v", err)
		case <-tick.C:
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	var c net.ListenConfig
	l, err := c.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port // of a TCP listener
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
