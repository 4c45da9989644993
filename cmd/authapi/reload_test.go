package main

import (
	"net/http"
	"testing"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure an answer that was begun on one state and ended on another is no answer: an older database may have taken the
// place of ours meanwhile, in which a revoked key is not revoked, and one that was made lately is unknown.
func TestAnswersAcrossAReload(t *testing.T) {
	w := newWorld(t)
	e := w.envoy()
	revoked := w.mint("a")
	w.backend(http.MethodPost, "/v1/users/u/revoke?wait_ms=5000", map[string]any{"keys": true, "reason": "stolen"}).want(t, http.StatusOK)
	var entropy apikey.Entropy
	ask := map[string]func(nowhere string) int{
		"a key's holder": func(nowhere string) int { return w.me(nowhere).status },
		"a gateway": func(nowhere string) int {
			return w.ask(http.MethodGet, "/v1/authorize", nil, "Authorization", "Bearer "+nowhere).status
		},
		"Envoy": func(nowhere string) int {
			return int(e.check("Authorization", "Bearer "+nowhere).GetDeniedResponse().GetStatus().GetCode())
		},
		"a backend": func(nowhere string) int {
			return w.backend(http.MethodPost, "/v1/decide", map[string]any{"items": []any{map[string]any{"api_key": nowhere}, map[string]any{"api_key": revoked}}}).status
		},
		"a resource server": func(nowhere string) int {
			return w.ask(http.MethodPost, "/oauth2/introspect", "token="+nowhere, "X-Service-API-Key", w.service, "Content-Type", "application/x-www-form-urlencoded").status
		},
	}
	for who, ask := range ask {
		entropy.ID[0]++
		nowhere := apikey.Format(entropy).Text().Reveal()
		lookups, status := w.lookups.Load(), make(chan int)
		w.finding.Lock()
		go func() { status <- ask(nowhere) }()
		w.eventually("the key is looked for", func() bool { return w.lookups.Load() > lookups })
		must(t, w.store.Restored(t.Context()))
		w.learn(other(tokenstate.Millis(2*lookups + 2)))
		w.eventually("another state is loaded", func() bool { ok, _ := w.known.Ready(); return !ok })
		w.finding.Unlock()
		if got := <-status; got != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", who, got)
		}
		w.confirm()
		w.learn(other(tokenstate.Millis(2*lookups + 3)))
		w.eventually("ready", func() bool { ok, _ := w.known.Ready(); return ok })
	}
}
