package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
)

// slowBody says that it is read, and then nothing until it is let go.
type slowBody struct{ read, gate chan struct{} }

func (b slowBody) Read([]byte) (int, error) {
	b.read <- struct{}{}
	<-b.gate
	return 0, io.EOF
}

// Ensure many who post logout tokens slowly, which needs no credential, take no key's place.
func TestSlowLogoutTokens(t *testing.T) {
	w := newWorld(t)
	key := w.mint("live")
	w.maxRequests = 4
	w = w.replica()
	w.issuer()
	slow := slowBody{make(chan struct{}), make(chan struct{})}
	post := func() int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/backchannel-logout", slow)
		r.Header.Set("Content-Type", formType)
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		return rec.Code
	}
	shed := make(chan int)
	var all sync.WaitGroup
	for range 70 {
		all.Go(func() {
			if status := post(); status != http.StatusBadRequest {
				shed <- status
			}
		})
	}
	for reading, refused := 0, 0; reading+refused < 70; {
		select {
		case <-slow.read:
			reading++
		case status := <-shed:
			if refused++; status != http.StatusServiceUnavailable || refused > 6 {
				t.Errorf("%d refused, with %d", refused, status)
			}
		}
	}
	w.me(key).want(t, http.StatusOK)
	close(slow.gate)
	all.Wait()
	w.logout("x").want(t, http.StatusBadRequest)
}

// Ensure bad logout tokens count against their address, good ones are taken from there all the
// same, and each outcome is counted.
func TestBadLogoutTokens(t *testing.T) {
	w := newWorld(t)
	i := w.issuer()
	w.server.Gate.Limits = gate.NewLimits(0, 1, nil)
	last := reply{}
	for range 25 {
		last = w.logout("x")
	}
	if last.want(t, http.StatusTooManyRequests, "reason", "too_many_requests").header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	w.me("nonsense").want(t, http.StatusTooManyRequests) // the same address, the same limit
	w.logout(i.token("j1", nil)).want(t, http.StatusOK)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/backchannel-logout", strings.NewReader("logout_token=x"))
	r.Header.Set("Content-Type", formType)
	r.RemoteAddr = "198.51.100.7:1"
	rec := httptest.NewRecorder()
	if w.handler.ServeHTTP(rec, r); rec.Code != http.StatusBadRequest {
		t.Errorf("another address: %d", rec.Code)
	}
	i = w.issuer()
	i.away.Store(true)
	w.logout(i.token("j2", nil)).want(t, http.StatusServiceUnavailable)
	if taken, refused, undecided := w.metric("taken"), w.metric("refused"), w.metric("undecided"); taken != 1 || refused != 26 || undecided != 1 {
		t.Errorf("%v taken, %v refused, %v undecided", taken, refused, undecided)
	}
}
