package main

import (
	"net/http"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// labelled gives the metrics of a family by the values of their two labels.
func (w *world) labelled(family string) map[[2]string]*dto.Metric {
	w.t.Helper()
	all, err := w.registry.Gather()
	must(w.t, err)
	out := map[[2]string]*dto.Metric{}
	for _, f := range all {
		if f.GetName() != family {
			continue
		}
		for _, m := range f.GetMetric() {
			out[[2]string{m.GetLabel()[0].GetValue(), m.GetLabel()[1].GetValue()}] = m
		}
	}
	return out
}

// decisions are the counts of tokenstate_decisions_total.
func (w *world) decisions() map[[2]string]float64 {
	w.t.Helper()
	out := map[[2]string]float64{}
	for name, m := range w.labelled("tokenstate_decisions_total") {
		out[name] = m.GetCounter().GetValue()
	}
	return out
}

// Ensure every decision is counted once, by what it is about and its reason: keys that are unknown,
// undecidable, of a wrong organization or too eager as well, and verdicts about users.
func TestDecisionsAreCounted(t *testing.T) {
	w := newWorld(t)
	key, e := w.mint("a"), w.envoy()
	unknown := apikey.Format(apikey.Entropy{}).Text().Reveal()
	counted := func(decision, reason string, do func()) {
		t.Helper()
		before := w.decisions()
		do()
		sum := 0.0
		after := w.decisions()
		for name, n := range after {
			sum += n - before[name]
		}
		if name := [2]string{decision, reason}; sum != 1 || after[name]-before[name] != 1 {
			t.Errorf("%s{%s}: %v after %v", decision, reason, after, before)
		}
	}
	me := func(key string, headers ...string) func() {
		return func() {
			w.ask(http.MethodGet, "/api/v1/users/me", nil, append(headers, "Authorization", "Bearer "+key)...)
		}
	}
	decide := func(item map[string]any) func() {
		return func() { w.backend(http.MethodPost, "/v1/decide", map[string]any{"items": []any{item}}) }
	}
	counted("key_admitted", "", me(key))
	counted("key_admitted", "", func() { e.check("X-Access-Token", key) })
	counted("key_admitted", "", decide(map[string]any{"api_key": key}))
	counted("key_admitted", "", func() { w.introspect("token=" + key) })
	counted("key_refused", "unknown", me(unknown))
	counted("key_refused", "unknown", me("tokst_nonsense"))
	counted("key_refused", "unknown", func() { w.ask(http.MethodGet, "/v1/authorize", nil) })
	counted("key_refused", "unknown", decide(map[string]any{"api_key": unknown}))
	counted("key_refused", "unknown", func() { w.introspect("token=" + unknown) })
	counted("key_refused", "wrong_organization", me(key, "X-Org-Id", "p"))
	odd := w.backend(http.MethodPost, "/api/service/users/u%20/orgs/o/api-keys?wait_ms=5000", map[string]any{"name": "a"}).text("key")
	counted("key_refused", "identity_not_sendable", func() { e.check("X-Access-Token", odd) })
	w.server.Gate.Limits = gate.NewLimits(1, 0, nil)
	me(key)()
	me(key)()
	counted("key_refused", "too_many_requests", me(key))
	w.server.Gate.Limits = nil
	counted("user_refused", "unknown", decide(map[string]any{"user_id": "u"}))
	counted("token_refused", "unknown", decide(map[string]any{"user_id": "u", "client_id": "app", "session_id": "s"}))
	w.put(offline("s", now())).want(t, http.StatusCreated)
	counted("user_admitted", "", decide(map[string]any{"user_id": "u"}))
	counted("token_admitted", "", decide(map[string]any{"user_id": "u", "client_id": "app", "session_id": "s"}))
	w.learn(cut("c"))
	counted("user_refused", tokenstate.ReasonOrder, decide(map[string]any{"user_id": "u"}))
	w.server.Gate.NoKeyPasses = true
	counted("no_key_admitted", "", func() { w.ask(http.MethodGet, "/v1/authorize", nil) })
	w.stop()
	w.pool.Close()
	counted("key_refused", "undecidable", me(apikey.Format(apikey.Entropy{ID: [8]byte{1}}).Text().Reveal()))
	counted("key_refused", "undecidable", decide(map[string]any{"api_key": apikey.Format(apikey.Entropy{ID: [8]byte{2}}).Text().Reveal()}))
}

// Ensure each call is measured under its route, which holds no id, and its status; also one of a gateway over gRPC, and
// one for a path that there is not.
func TestCallsAreMeasured(t *testing.T) {
	w := newWorld(t)
	key, e := w.mint("a"), w.envoy()
	for _, c := range []struct {
		route, status string
		do            func()
	}{
		{"GET /api/v1/users/me", "200", func() { w.ask(http.MethodGet, "/api/v1/users/me", nil, "Authorization", "Bearer "+key) }},
		{"GET /v1/users/{user_id}/auth", "200", func() { w.backend(http.MethodGet, "/v1/users/a/auth", nil) }},
		{"ext_authz", "200", func() { e.check("X-Access-Token", key) }},
		{"ext_authz", "401", func() { e.check("X-Access-Token", "tokst_wrong") }},
		{"unmatched", "404", func() { w.ask(http.MethodGet, "/a/path/that/is/not/there", nil) }},
	} {
		name := [2]string{c.route, c.status}
		calls := func() uint64 {
			return w.labelled("tokenstate_request_duration_seconds")[name].GetHistogram().GetSampleCount()
		}
		before := calls()
		c.do()
		if calls() != before+1 {
			t.Errorf("%v was not measured: %v", name, w.labelled("tokenstate_request_duration_seconds"))
		}
	}
}
