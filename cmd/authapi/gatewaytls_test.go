package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"testing"
	"time"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/testenv"
)

// Ensure gRPC is behind the certificates of AUTHAPI_TLS_* as HTTP is, mutual TLS included, and
// that files read again hold for it, too.
func TestEnvoyTLS(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	serverCert, serverKey, _ := testenv.Certificate(t, dir, "server")
	clientCert, _, client := testenv.Certificate(t, dir, "client")
	_, _, stranger := testenv.Certificate(t, dir, "stranger")
	certs, err := ops.LoadTLS(ops.TLSFiles{Cert: serverCert, Key: serverKey, ClientCA: clientCert})
	must(t, err)
	addr := w.gatewayOverTLS(certs)
	trusting := func(cert ...tls.Certificate) credentials.TransportCredentials {
		raw, err := os.ReadFile(serverCert)
		must(t, err)
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(raw)
		return credentials.NewTLS(&tls.Config{RootCAs: pool, Certificates: cert})
	}
	right := trusting(client)
	if err := checkOver(t, addr, right, grpc.WaitForReady(true)); err != nil {
		t.Fatalf("with a certificate of the authority: %v", err)
	}
	for name, c := range map[string]credentials.TransportCredentials{
		"no certificate": trusting(), "a stranger's": trusting(stranger), "no TLS": insecure.NewCredentials(),
	} {
		if checkOver(t, addr, c) == nil {
			t.Errorf("%s: answered", name)
		}
	}
	testenv.Certificate(t, dir, "server") // another one in its place
	must(t, certs.Reload())
	if checkOver(t, addr, right) == nil {
		t.Error("the old certificate is still shown")
	}
	must(t, checkOver(t, addr, trusting(client)))
}

// gatewayOverTLS serves as serve does.
func (w *world) gatewayOverTLS(certs *ops.Certificates) (addr string) {
	w.t.Helper()
	addr, err := devstack.FreeAddr()
	must(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- (&gateway{extauthzAddr: addr}).serve(ctx, w.server, certs) }()
	w.t.Cleanup(func() { cancel(); must(w.t, <-done) })
	return addr
}

// checkOver asks once over a connection of its own; a refusal is an answer.
func checkOver(t *testing.T, addr string, c credentials.TransportCredentials, options ...grpc.CallOption) error {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(c))
	must(t, err)
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := auth.NewAuthorizationClient(conn).Check(ctx, &auth.CheckRequest{}, options...)
	if err == nil && out.GetStatus().GetCode() != int32(codes.Unauthenticated) {
		t.Errorf("no key, and yet %v", out)
	}
	return err
}
