//go:build edge

package edge

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// slowClients: who is slow, half open or too large is let go of within a bound, and keeps nobody
// else waiting.
func (s *system) slowClients(t *testing.T) {
	const bound = 40 * time.Second
	addr := strings.TrimPrefix(s.stack.Env.AuthapiURL, "http://")
	post := "POST /v1/decide HTTP/1.1\r\nHost: a\r\nX-Service-API-Key: " + s.stack.Env.AuthapiServiceKey + "\r\nContent-Type: application/json\r\n"
	for name, c := range map[string]struct{ send, want string }{
		"nothing":            {"", ""},
		"half a header":      {"GET /v1/authorize HTTP/1.1\r\nHost: a\r\nX-Sess", ""},
		"half a body":        {post + "Content-Length: 100\r\n\r\n{\"items\":", "408"},
		"no body after all":  {"POST /v1/authorize HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 100\r\n\r\n", "401"},
		"headers too large":  {"GET /v1/authorize HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("a", 80<<10) + "\r\n\r\n", "431"},
		"NUL in a header":    {"GET /v1/authorize HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \x00\r\n\r\n", "400"},
		"two lengths":        {post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "400"},
		"body too large":     {post + "Content-Length: 9999999\r\n\r\n" + strings.Repeat("x", 2<<20), "413"},
		"two Host headers":   {"GET /v1/authorize HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
		"a header folded":    {"GET /v1/authorize HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer\r\n x\r\n\r\n", "401"},
		"a space before ':'": {"GET /v1/authorize HTTP/1.1\r\nHost: a\r\nAuthorization : Bearer x\r\n\r\n", "400"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if line := letGo(t, addr, c.send, bound); c.want != "" && !strings.HasPrefix(line, "HTTP/1.1 "+c.want) {
				t.Errorf("the answer is %q, want %s", line, c.want)
			}
		})
	}
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	for name, send := range map[string]string{
		"gRPC: nothing": "", "gRPC: half a preface": preface[:10], "gRPC: HTTP/1": "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"gRPC: no settings": preface, "gRPC: no call": preface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00",
		"gRPC: a frame too large": preface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00" + "\xff\xff\xff\x00\x00\x00\x00\x00\x01" + strings.Repeat("x", 64<<10),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			letGo(t, s.stack.Env.AuthapiExtauthzAddr, send, time.Minute)
		})
	}
	t.Run("others are served", func(t *testing.T) {
		t.Parallel()
		e := envoyOf(t, s.stack.Env.AuthapiExtauthzAddr)
		for range 20 {
			e.check(t, http.StatusUnauthorized)
			began := time.Now()
			res, err := http.Get(s.stack.Env.AuthapiURL + "/api/service/health")
			must(t, err)
			_ = res.Body.Close()
			if took := time.Since(began); res.StatusCode != http.StatusOK || took > 2*time.Second {
				t.Errorf("%d after %s", res.StatusCode, took)
			}
		}
	})
}

// letGo sends what a slow client sends, and gives the first line of the answer once the server has
// closed the connection, which must be within the bound.
func letGo(t *testing.T, addr, send string, bound time.Duration) string {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", addr)
	must(t, err)
	defer func() { _ = conn.Close() }()
	must(t, conn.SetDeadline(time.Now().Add(bound)))
	_, _ = io.WriteString(conn, send) // who refuses may close before it has read all
	r := bufio.NewReader(conn)
	line, err := r.ReadString('\n')
	for err == nil {
		_, err = r.ReadString('\n')
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection is still open after %s", bound)
	}
	return line
}
