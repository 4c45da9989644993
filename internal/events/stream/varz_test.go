package stream_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/tokenstate/tokenstate/internal/events/stream"
)

// Ensure a server says whether it syncs always, and that what is no answer is an error.
func TestSyncAlways(t *testing.T) {
	for _, always := range []bool{true, false} {
		s, err := server.NewServer(&server.Options{
			Host: "127.0.0.1", Port: -1, HTTPHost: "127.0.0.1", HTTPPort: -1, NoSigs: true, NoLog: true,
			JetStream: true, StoreDir: t.TempDir(), SyncAlways: always,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		if !s.ReadyForConnections(10 * time.Second) {
			t.Fatal("the server is not ready")
		}
		got, err := stream.SyncAlways(t.Context(), "http://"+s.MonitorAddr().String()+"/")
		if err != nil || got != always {
			t.Errorf("a server with %v says %v, %v", always, got, err)
		}
		s.Shutdown()
		s.WaitForShutdown()
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>secret</html>")) }))
	defer proxy.Close()
	for _, address := range []string{proxy.URL, "http://127.0.0.1:1", "::"} {
		if _, err := stream.SyncAlways(t.Context(), address); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
