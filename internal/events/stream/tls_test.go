package stream

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rs/zerolog"
)

// pair makes a certificate that signs itself.
func pair(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "one"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// Ensure the log is read and written over mutual TLS, and that neither a server nor a client
// without a certificate that the other trusts gets anywhere.
func TestOverTLS(t *testing.T) {
	ours, serverTrust := pair(t)
	theirs, clientTrust := pair(t)
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true, TLS: true, TLSHandshakeFirst: false,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{theirs}, ClientCAs: serverTrust, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { stop(s) })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server did not start")
	}
	url := "tls://" + s.Addr().String()
	works := func(trust *tls.Config, limit time.Duration) error { return overTLS(t, url, trust, limit) }
	if err := works(&tls.Config{RootCAs: clientTrust, Certificates: []tls.Certificate{ours}, MinVersion: tls.VersionTLS12}, 10*time.Second); err != nil {
		t.Fatalf("with certificates that both trust: %v", err)
	}
	// The certificate of the right authority bears the address and not this name of it.
	named := "tls://localhost:" + strconv.Itoa(s.Addr().(*net.TCPAddr).Port)
	if err := overTLS(t, named, &tls.Config{RootCAs: clientTrust, Certificates: []tls.Certificate{ours}, MinVersion: tls.VersionTLS12}, time.Second); err == nil {
		t.Error("a server that is certified for another name: it works")
	}
	stranger, _ := pair(t)
	for name, trust := range map[string]*tls.Config{
		"a server that we do not trust": {RootCAs: serverTrust, Certificates: []tls.Certificate{ours}, MinVersion: tls.VersionTLS12},
		"a client without certificate":  {RootCAs: clientTrust, MinVersion: tls.VersionTLS12},
		"a client that is a stranger":   {RootCAs: clientTrust, Certificates: []tls.Certificate{stranger}, MinVersion: tls.VersionTLS12},
	} {
		if err := works(trust, time.Second); err == nil {
			t.Errorf("%s: it works", name)
		}
	}
}

func overTLS(t *testing.T, url string, trust *tls.Config, limit time.Duration) error {
	t.Helper()
	l, err := Connect(t.Context(), Options{URL: url, TLS: trust, Name: "test", Inbox: "_INBOX_op", Logger: zerolog.Nop()})
	if err != nil {
		return err
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return l.EnsureStream(ctx, 1)
}
