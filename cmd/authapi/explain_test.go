package main

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/tokenstate/tokenstate/internal/timeline"
)

// told is a long story, which takes as long as the gate is closed.
type told struct {
	there chan struct{}
	gate  chan struct{}
}

func (s told) Explain(context.Context, string, string) (timeline.Story, error) {
	s.there <- struct{}{}
	<-s.gate
	story := timeline.Story{Realm: "demo", User: "u"}
	for i := range 5 {
		story.Steps = append(story.Steps, timeline.Step{ID: strconv.Itoa(i), Changes: []timeline.Change{{What: "w", Before: "a", After: "b"}}})
	}
	return story, nil
}

// Ensure a story is told in pages, newest first and to its end.
func TestExplainInPages(t *testing.T) {
	w := newWorld(t)
	s := told{make(chan struct{}, 100), make(chan struct{})}
	close(s.gate)
	w.server.Admin.Stories = s
	ids, cursor := "", ""
	for range 10 {
		r := w.backend(http.MethodGet, "/v1/explain?user_id=u&limit=2"+cursor, nil).want(t, http.StatusOK, "user", "u", "realm", "demo")
		for _, step := range r.body["steps"].([]any) {
			ids += step.(map[string]any)["id"].(string)
		}
		next, _ := r.body["next_cursor"].(string)
		if next == "" {
			break
		}
		cursor = "&cursor=" + next
	}
	if ids != "43210" {
		t.Errorf("told: %s", ids)
	}
	w.backend(http.MethodGet, "/v1/explain?user_id=u&cursor=x", nil).want(t, http.StatusUnprocessableEntity)
	if r := w.backend(http.MethodGet, "/v1/explain?user_id=u&cursor=0", nil).want(t, http.StatusOK); len(r.body["steps"].([]any)) != 0 {
		t.Errorf("beyond the end: %s", r.raw)
	}
}

// Ensure one story is told at a time: each is a long reading of the journal.
func TestExplainOneAtATime(t *testing.T) {
	w := newWorld(t)
	s := told{make(chan struct{}), make(chan struct{})}
	w.server.Admin.Stories = s
	var all sync.WaitGroup
	all.Go(func() { w.backend(http.MethodGet, "/v1/explain?user_id=u", nil).want(t, http.StatusOK) })
	<-s.there
	w.backend(http.MethodGet, "/v1/explain?user_id=u", nil).want(t, http.StatusServiceUnavailable, "reason", "overloaded")
	close(s.gate)
	all.Wait()
}

// Ensure the id of a refused request leads to its user's story, with the key that was refused first; and so does the
// key's id.
func TestExplainARefusedRequest(t *testing.T) {
	w := newWorld(t)
	key := w.mint("automation")
	w.disable()
	w.ask(http.MethodGet, "/api/v1/users/me", nil, "Authorization", "Bearer "+key, "X-Request-Id", "the-request").want(t, http.StatusUnauthorized)
	for name, kind := range map[string]string{"the-request": "request", key[6:16]: "key", "u": "user"} {
		r := w.backend(http.MethodGet, "/v1/explain?user_id="+name, nil).want(t, http.StatusOK, "user", "u")
		first := r.body["conclusion"].([]any)[0].(map[string]any)
		if asked := r.body["asked"].(map[string]any)["kind"]; asked != kind || first["state"] != "refused" || first["reason"] != "user_disabled" {
			t.Errorf("%s: asked for a %v, concluded %v", name, asked, first)
		}
		if steps := r.raw; !strings.Contains(steps, "made by service:all") {
			t.Errorf("who made the key is not told: %s", steps)
		}
	}
	w.backend(http.MethodGet, "/v1/explain?user_id=another", nil).want(t, http.StatusNotFound, "reason", "nothing_known")
}
