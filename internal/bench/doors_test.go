package bench

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
)

// doors are the calls that are made for each request of a user, beside handlers that decide nothing.
func doors(b *bench) {
	server := b.server(b.loaded())
	b.admitted(server.Gate)
	handler, err := server.Handler()
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range []string{"/api/v1/users/me", "/v1/authorize"} {
		b.door(path, handler)
	}
	b.envoy(server)
}

// admitted is what a key takes in process: its text is read, digested and found, and its owner is judged.
func (b *bench) admitted(g *gate.Gate) {
	const calls = 20_000
	texts, users := make([]string, calls), make([]string, calls)
	for i := range texts {
		n := b.keyed(i)
		texts[i], users[i] = keyOf(n).Text().Reveal(), id('u', n)
	}
	admit := func(i int) {
		p, err := apikey.Parse(texts[i])
		if err != nil {
			b.Fatal(err)
		}
		rec, err := g.MatchOne(context.Background(), p)
		if err != nil || !g.Decide(rec).Active {
			b.Fatalf("a key of the population is not admitted: %v", err)
		}
	}
	one, key, owner := keyOf(0), b.bareMap().finder(users), b.bareMap().finder(users)
	least := func(i int) { // that nobody can do without who admits a key
		_ = apikey.Digest(pepper, one)
		key(i)
		owner(i)
	}
	took, ratios := against(b.rounds, calls, least, admit)
	b.row("a key admitted in process, its digest included", "ns", none, took...)
	b.row("that ÷ a digest and a look-up in each of two bare maps", "", atMost(4), ratios...)
	b.row("allocations of that", "", atMost(2), testing.AllocsPerRun(100, func() { admit(1) }))
	b.row("what the digest takes of that", "ns", none, each(b.rounds, calls, func(int) { _ = apikey.Digest(pepper, one) })...)
}

// door compares a call with a handler that writes the same bytes.
func (b *bench) door(path string, handler http.Handler) {
	request := func(i int) []byte {
		return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: authapi\r\nAuthorization: Bearer %s\r\n\r\n", path, keyOf(i).Text().Reveal())
	}
	ours, peer := b.clients(b.serving(handler), request), b.clients(b.serving(b.same(path, handler)), request)
	for _, c := range []*client{ours[0], peer[0]} {
		if err := c.ask(); err != nil {
			b.Fatal(err)
		}
	}
	if diff := ours[0].bytes - peer[0].bytes; diff < -4 || diff > 4 { // an age and a request's id differ in their length
		b.Fatalf("%s writes %d bytes, its peer %d", path, ours[0].bytes, peer[0].bytes)
	}
	b.versus(path, "an empty handler", askers(ours), askers(peer))
}

// same is a handler that decides nothing and writes what handler has once answered.
func (b *bench) same(path string, handler http.Handler) http.Handler {
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+keyOf(0).Text().Reveal())
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, r)
	if rec.Code != http.StatusOK {
		b.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
	}
	header, body := rec.Result().Header, rec.Body.Bytes()
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header)
		_, _ = w.Write(body) // a client that is gone
	})
}
