package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
)

// Ensure who asks for a version that never comes holds a share of the places of those who wait, however
// many keys they have, that their rate counts before they wait, and that others are waited for.
func TestAHugeMinVersion(t *testing.T) {
	w := newWorld(t)
	w.maxRequests = 64
	w.stop()
	w.start()
	w.caughtUp()
	keys := []string{w.mint("a"), w.mint("b")}
	theirs := w.backend(http.MethodPost, "/v1/users/v/api-keys?wait_ms=5000", map[string]any{"name": "n"}).want(t, http.StatusCreated)
	const many, share = 40, 3 // of 48 places for those who wait
	answers := make(chan int, many)
	for i := range many {
		go func() {
			answers <- w.ask(http.MethodGet, "/api/v1/users/me", nil, "Authorization", "Bearer "+keys[i%2], "Tokenstate-Min-Version", "9223372036854775807").status
		}()
	}
	for range many - share {
		if got := <-answers; got != http.StatusTooManyRequests {
			t.Errorf("got %d", got)
		}
	}
	at := fmt.Sprint(w.known.Version() + 1)
	late := make(chan reply, 1)
	go func() {
		late <- w.ask(http.MethodGet, "/api/v1/users/me", nil, "Authorization", "Bearer "+theirs.text("key"), "Tokenstate-Min-Version", at)
	}()
	w.learn(other(1))
	(<-late).want(t, http.StatusOK)
	for range share {
		if got := <-answers; got != http.StatusServiceUnavailable {
			t.Errorf("got %d after the wait", got)
		}
	}
	w.server.Gate.Limits = gate.NewLimits(1, 0, nil)
	for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		headers := []string{"Authorization", "Bearer " + keys[0]}
		if i == 2 {
			headers = append(headers, "Tokenstate-Min-Version", "9223372036854775807")
		}
		w.ask(http.MethodGet, "/api/v1/users/me", nil, headers...).want(t, want)
	}
}

// Ensure those who send half of a logout token keep nobody else's from being taken.
func TestHalfSentLogoutTokens(t *testing.T) {
	w := newWorld(t)
	i := w.issuer()
	s := httptest.NewServer(w.handler)
	t.Cleanup(s.Close)
	const head = "POST /v1/backchannel-logout HTTP/1.1\r\nHost: x\r\nContent-Type: " + formType + "\r\nContent-Length: %d\r\n\r\n"
	send := func(length int, body string) net.Conn {
		t.Helper()
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
		must(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = fmt.Fprintf(conn, head+"%s", length, body)
		must(t, err)
		return conn
	}
	for range 100 {
		send(1000, "logout_token=")
	}
	for n := range 3 {
		form := "logout_token=" + i.token(fmt.Sprint("jti-", n), nil)
		r, err := http.ReadResponse(bufio.NewReader(send(len(form), form)), nil)
		must(t, err)
		_ = r.Body.Close()
		if r.StatusCode != http.StatusOK {
			t.Fatalf("a whole token: %d", r.StatusCode)
		}
	}
	if r := w.form(strings.Repeat("x", 33<<10), formType); r.status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d %s", r.status, r.raw)
	}
}
