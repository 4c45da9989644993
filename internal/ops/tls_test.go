package ops

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/testenv"
)

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Ensure only who shows a certificate of the authority is answered, and that new files are used
// once they are read again, but not if they are no use.
func TestMutualTLS(t *testing.T) {
	dir := t.TempDir()
	serverCert, serverKey, _ := testenv.Certificate(t, dir, "server")
	clientCert, _, client := testenv.Certificate(t, dir, "client")
	_, _, stranger := testenv.Certificate(t, dir, "stranger")
	c, err := LoadTLS(TLSFiles{serverCert, serverKey, clientCert})
	fatal(t, err)
	l, err := tls.Listen("tcp", "127.0.0.1:0", c.Config())
	fatal(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- ServeOn(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	}()
	defer func() { cancel(); fatal(t, <-done) }()
	ask := func(trust string, certs ...tls.Certificate) error {
		pool := x509.NewCertPool()
		raw, err := os.ReadFile(trust)
		fatal(t, err)
		pool.AppendCertsFromPEM(raw)
		h := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: certs}}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+l.Addr().String(), nil)
		fatal(t, err)
		res, err := h.Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		return err
	}
	fatal(t, ask(serverCert, client))
	if ask(serverCert) == nil || ask(serverCert, stranger) == nil {
		t.Error("answered without a certificate of the authority")
	}
	old := filepath.Join(dir, "old.crt")
	raw, err := os.ReadFile(serverCert)
	fatal(t, err)
	fatal(t, os.WriteFile(old, raw, 0o600))
	fatal(t, os.WriteFile(serverCert, []byte("not a certificate"), 0o600))
	if c.Reload() == nil {
		t.Error("took what is no certificate")
	}
	fatal(t, ask(old, client))
	testenv.Certificate(t, dir, "server") // a new one in its place
	fatal(t, c.Reload())
	fatal(t, ask(serverCert, client))
	if ask(old, client) == nil {
		t.Error("the old certificate is still used")
	}
	if _, err := LoadTLS(TLSFiles{serverCert, serverKey, serverKey}); err == nil {
		t.Error("took a file without a certificate for the clients' authority")
	}
	if _, err := LoadTLS(TLSFiles{Cert: serverCert}); err == nil {
		t.Error("took a certificate without a key")
	}
}

// Ensure SIGHUP has the files read again, and does not end the program.
func TestReloadOnHangup(t *testing.T) {
	held := make(chan os.Signal, 1)
	signal.Notify(held, syscall.SIGHUP) // until the other one listens, it must not end this test
	defer signal.Stop(held)
	dir := t.TempDir()
	certFile, keyFile, _ := testenv.Certificate(t, dir, "server")
	c, err := LoadTLS(TLSFiles{Cert: certFile, Key: keyFile})
	fatal(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.ReloadOnHangup(ctx, zerolog.Nop()) }()
	defer func() { cancel(); fatal(t, <-done) }()
	before := c.now.Load()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		fatal(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
		if <-tick.C; c.now.Load() != before {
			return
		}
	}
	t.Error("the files were not read again")
}
