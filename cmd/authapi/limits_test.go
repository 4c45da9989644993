package main

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
)

// from asks who holds key, from an address and perhaps by way of proxies.
func (w *world) from(peer, forwarded, key string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/api/v1/users/me", nil)
	r.RemoteAddr = peer
	if forwarded != "" {
		r.Header.Set("X-Forwarded-For", forwarded)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// Ensure one key may ask so often and no more, told when to come back, and that others may.
func TestKeyRate(t *testing.T) {
	w := newWorld(t)
	first, second := w.mint("a"), w.mint("b")
	w.server.Gate.Limits = gate.NewLimits(2, 0, nil)
	clock := time.Now()
	w.server.Gate.Now = func() time.Time { return clock }
	for range 4 {
		w.me(first).want(t, http.StatusOK)
	}
	if r := w.me(first).want(t, http.StatusTooManyRequests, "reason", "too_many_requests"); r.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After: %v", r.header)
	}
	w.me(second).want(t, http.StatusOK)
	w.me(first[:len(first)-1]).want(t, http.StatusUnauthorized) // who does not have the key cannot use it up
	clock = clock.Add(time.Second)
	w.me(first).want(t, http.StatusOK)
}

// Ensure unknown credentials from one address are answered 429 after a while, that known keys
// pass from there all the same, and that no look-up is wasted on the address any more.
func TestFailureRate(t *testing.T) {
	w := newWorld(t)
	key := w.mint("a")
	w.server.Gate.Limits = gate.NewLimits(0, 1, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	clock := time.Now()
	w.server.Gate.Now = func() time.Time { return clock }
	status := func(peer, forwarded, key string) int { return w.from(peer, forwarded, key).Code }
	want := func(name string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
	for range 20 {
		want("in the burst", status("192.0.2.1:1", "", "nonsense"), http.StatusUnauthorized)
	}
	want("beyond it", status("192.0.2.1:2", "", "nonsense"), http.StatusTooManyRequests)
	want("forged proxy", status("192.0.2.1:3", "198.51.100.9", "nonsense"), http.StatusTooManyRequests)
	want("a known key", status("192.0.2.1:4", "", key), http.StatusOK)
	want("another address", status("192.0.2.2:1", "", "nonsense"), http.StatusUnauthorized)
	fresh := w.replica()
	w.stop()
	elsewhere := fresh.create(map[string]any{"name": "n"}).want(t, http.StatusCreated).text("key")
	want("a key that memory lacks is not called unknown", status("192.0.2.1:5", "", elsewhere), http.StatusTooManyRequests)
	want("and is looked up for others", status("192.0.2.2:2", "", elsewhere), http.StatusOK)
	clock = clock.Add(time.Second)
	want("a second later", status("192.0.2.1:6", "", "nonsense"), http.StatusUnauthorized)

	for range 20 {
		want("by a proxy", status("10.0.0.1:1", "203.0.113.7, 10.0.0.2", "nonsense"), http.StatusUnauthorized)
	}
	want("by a proxy, beyond", status("10.0.0.3:1", "6.6.6.6, 203.0.113.7, 10.9.9.9", "nonsense"), http.StatusTooManyRequests)
	want("by a proxy that adds ports", status("10.0.0.3:1", "203.0.113.7:4711", "nonsense"), http.StatusTooManyRequests)
	want("by a proxy, another", status("10.0.0.1:1", "203.0.113.8", "nonsense"), http.StatusUnauthorized)
	for range 20 {
		want("IPv6", status("[2001:db8:1:2::3]:1", "", "nonsense"), http.StatusUnauthorized)
	}
	want("IPv6, the same network", status("[2001:db8:1:2:ffff::4]:1", "", "nonsense"), http.StatusTooManyRequests)
	want("IPv6, another", status("[2001:db8:1:3::3]:1", "", "nonsense"), http.StatusUnauthorized)
	if r := w.ask(http.MethodGet, "/api/v1/users/me", nil); r.status != http.StatusUnauthorized {
		t.Error("who sends no credential has not failed")
	}
}

// Ensure wrong service credentials count as well.
func TestFailureRate_Service(t *testing.T) {
	w := newWorld(t)
	w.server.Gate.Limits = gate.NewLimits(0, 1, nil)
	wrong := apikey.Format(apikey.Entropy{ID: [8]byte{1}}).Text().Reveal()
	last := 0
	for range 25 {
		last = w.ask(http.MethodPost, "/v1/decide", map[string]any{}, "X-Service-API-Key", wrong).status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("got %d", last)
	}
	w.backend(http.MethodGet, userKeys, nil).want(t, http.StatusOK)
}

// checkFrom asks as an Envoy that peer is connected to; "" if Envoy does not say who is.
func (e *envoy) checkFrom(peer string, headers ...string) int {
	e.t.Helper()
	at := &auth.AttributeContext{Request: &auth.AttributeContext_Request{Http: httpRequest(headers)}}
	if peer != "" {
		at.Source = &auth.AttributeContext_Peer{Address: &core.Address{Address: &core.Address_SocketAddress{
			SocketAddress: &core.SocketAddress{Address: peer, PortSpecifier: &core.SocketAddress_PortValue{PortValue: 4711}},
		}}}
	}
	out, err := e.auth.Check(e.t.Context(), &auth.CheckRequest{Attributes: at})
	must(e.t, err)
	return int(out.GetDeniedResponse().GetStatus().GetCode())
}

// Ensure a gateway's callers are told apart by their addresses, as the gateway says them: one who
// sends nonsense does not close the door for the others.
func TestFailureRate_Gateways(t *testing.T) {
	w := newWorld(t)
	e := w.envoy()
	clock := time.Now()
	w.server.Gate.Now = func() time.Time { return clock }
	wrong := []string{"Authorization", "Bearer tokst_nonsense"}
	authorize := func(peer, forwarded string) int {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/authorize", nil)
		r.RemoteAddr = peer + ":1"
		r.Header.Set(wrong[0], wrong[1])
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		return rec.Code
	}
	check := func(peer, forwarded string) int {
		t.Helper()
		if forwarded == "" {
			return e.checkFrom(peer, wrong...)
		}
		return e.checkFrom(peer, append(wrong, "X-Forwarded-For", forwarded)...)
	}
	for name, ask := range map[string]func(peer, forwarded string) int{"authorize": authorize, "ext_authz": check} {
		w.server.Gate.Limits = gate.NewLimits(0, 1, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32")})
		want := func(what, peer, forwarded string, want int) {
			t.Helper()
			if got := ask(peer, forwarded); got != want {
				t.Errorf("%s, %s: got %d, want %d", name, what, got, want)
			}
		}
		for range 20 {
			want("in the burst", "192.0.2.1", "", http.StatusUnauthorized)
			want("by a proxy", "10.0.0.1", "203.0.113.7", http.StatusUnauthorized)
		}
		want("beyond it", "192.0.2.1", "", http.StatusTooManyRequests)
		want("no proxy of ours", "192.0.2.1", "198.51.100.9", http.StatusTooManyRequests)
		want("another", "192.0.2.2", "", http.StatusUnauthorized)
		want("by a proxy, beyond", "10.0.0.2", "6.6.6.6, 203.0.113.7", http.StatusTooManyRequests)
		want("by a proxy, another", "10.0.0.1", "203.0.113.8", http.StatusUnauthorized)
	}
	if got := check("", "203.0.113.7"); got != http.StatusTooManyRequests { // then who is connected to us
		t.Errorf("an Envoy that does not say the source: %d", got)
	}
	if got := check("", "203.0.113.9"); got != http.StatusUnauthorized {
		t.Errorf("an Envoy that does not say the source, another: %d", got)
	}
}
