package devstack

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Ports are taken from below those that the kernel gives to outgoing connections (32768 on
// Linux): asking it for any free one (port 0) gave a port that a connection took before its
// server did, and once the same port twice.
const (
	firstPort = 15_000
	lastPort  = 32_000
)

// given are the ports of this process: a part that is stopped gets its own back.
var given = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// freePort finds a port that nobody uses and nobody was given. Another process may still take
// it before its server does: then that server says so and the start fails.
func freePort() (int, error) {
	given.Lock()
	defer given.Unlock()
	for range 1000 {
		port := firstPort + mathrand.IntN(lastPort-firstPort) //nolint:gosec // no secret
		if given.ports[port] {
			continue
		}
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)) //nolint:noctx // nothing to wait for
		if err != nil {
			continue
		}
		given.ports[port] = true
		return port, l.Close()
	}
	return 0, errors.New("no port between 15000 and 32000 is free")
}

// randomText is a secret without a character that a shell or URL would mind. Its first byte is
// a letter: nats-server reads an unquoted value such as 1e5 from the environment as a number.
func randomText() string { return "s" + rand.Text() }

func writeFor(path, text string, cred *syscall.Credential) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil || cred == nil {
		return err
	}
	return os.Chown(path, int(cred.Uid), int(cred.Gid))
}

func digest(path string) (string, error) {
	f, err := os.Open(path) //nolint:gosec // our own file
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// cleanEnv is our environment without what would configure the parts behind our back: the
// programs call an unknown name of their own a fault, and libpq and Keycloak obey theirs.
func cleanEnv() []string {
	var out []string
	for _, kv := range os.Environ() {
		if !configures(kv) {
			out = append(out, kv)
		}
	}
	return out
}

func configures(kv string) bool {
	for _, prefix := range []string{
		"WORKER_", "AUTHAPI_", "NATS_", "KEYCLOAK_", "KEYCLOAK2_", "KC_", "QUARKUS_", "PG", "POSTGRES_",
		"DATABASE_URL=", "JAVA_OPTS", "JAVA_TOOL_OPTIONS=",
	} {
		if strings.HasPrefix(kv, prefix) {
			return true
		}
	}
	return false
}

// answers says whether a GET is answered with 200.
func answers(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := httpClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, res.Status)
	}
	return nil
}
