package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// authority signs certificates for 127.0.0.1.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t *testing.T, dir, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	must(t, err)
	a := authority{c, key, filepath.Join(dir, name+".crt")}
	writePEM(t, a.file, "CERTIFICATE", der)
	return a
}

// sign writes a server's certificate and key.
func (a authority) sign(t *testing.T, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &key.PublicKey, a.key)
	must(t, err)
	raw, err := x509.MarshalECPrivateKey(key)
	must(t, err)
	writePEM(t, certFile, "CERTIFICATE", der)
	writePEM(t, keyFile, "EC PRIVATE KEY", raw)
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	must(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

// overTLS: the worker reaches Postgres over TLS and refuses a server that it has no reason to trust.
func overTLS(s *system, t *testing.T) {
	dir := t.TempDir()
	good, bad := newAuthority(t, dir, "good"), newAuthority(t, dir, "bad")
	data := s.dataDirectory()
	good.sign(t, filepath.Join(data, "server.crt"), filepath.Join(data, "server.key"))
	info, err := os.Stat(data)
	must(t, err)
	owner, _ := info.Sys().(*syscall.Stat_t)
	for _, name := range []string{"server.crt", "server.key"} {
		must(t, os.Chown(filepath.Join(data, name), int(owner.Uid), int(owner.Gid)))
	}
	ssl := func(on string) {
		conn, err := pgx.Connect(t.Context(), s.stack.Env.DatabaseURL)
		must(t, err)
		defer func() { _ = conn.Close(t.Context()) }()
		_, err = conn.Exec(t.Context(), "ALTER SYSTEM SET ssl = "+on)
		must(t, err)
		_, err = conn.Exec(t.Context(), "SELECT pg_reload_conf()")
		must(t, err)
	}
	ssl("on")
	defer ssl("off")
	with := func(mode string, ca authority) error {
		u, err := url.Parse(s.stack.Env.DatabaseURL)
		must(t, err)
		u.RawQuery = url.Values{"sslmode": {mode}, "sslrootcert": {ca.file}}.Encode()
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		cmd := exec.CommandContext(ctx, filepath.Join(s.root, ".dev", "bin", "revocation-worker"), "migrate", "status")
		cmd.Env = append(os.Environ(), "DATABASE_URL="+u.String())
		out, err := cmd.CombinedOutput()
		if err != nil && strings.Contains(string(out), u.User.String()) {
			t.Errorf("the error repeats the password: %s", out)
		}
		return err
	}
	s.wait("Postgres to speak TLS", func() (bool, string) { return with("verify-full", good) == nil, "" })
	if with("verify-full", bad) == nil {
		t.Error("a certificate of another authority was trusted")
	}
}
