package main

import (
	"context"
	"net/http"
	"strconv"
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
		story.Steps = append(story.Steps, timeline.Step{ID: strconv.Itoa(i)})
	}
	return story, nil
}

// Ensure a story is told in pages, in order and to its end.
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
	if ids != "01234" {
		t.Errorf("told: %s", ids)
	}
	w.backend(http.MethodGet, "/v1/explain?user_id=u&cursor=x", nil).want(t, http.StatusUnprocessableEntity)
	if r := w.backend(http.MethodGet, "/v1/explain?user_id=u&cursor=999", nil).want(t, http.StatusOK); len(r.body["steps"].([]any)) != 0 {
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
