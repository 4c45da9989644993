package main

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/notice"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// notify writes notices as the worker would: that these users must log in again.
func (w *world) notify(realm string, users ...string) {
	w.t.Helper()
	at, _, err := w.store.Notices().NoticeMoment(w.t.Context())
	must(w.t, err)
	var all []notice.Written
	for _, user := range users {
		n := notice.Notice{
			Type: notice.LoginNeeded, Subject: notice.Subject{Realm: realm, User: user, Client: "app"}, Cause: "event", EventID: "event",
			Reason: tokenstate.ReasonSessionEnded, Session: "s", KeysPass: true,
		}
		body, err := notice.Event(n, at, notice.Beside{})
		must(w.t, err)
		all = append(all, notice.Written{Notice: n, Body: body})
	}
	must(w.t, w.store.Notices().Tell(w.t.Context(), at, all))
}

// Ensure notices come in pages, oldest first, each once, with all that the worker has written of them; and that those of
// another realm are another's.
func TestNotices(t *testing.T) {
	w := newWorld(t)
	empty := w.backend(http.MethodGet, "/v1/notices", nil).want(t, http.StatusOK, "next_after", "0")
	if items, ok := empty.body["items"].([]any); !ok || len(items) != 0 {
		t.Errorf("of none: %s", empty.raw)
	}
	w.notify("demo", "ann", "ben")
	w.notify("elsewhere", "eve")
	w.notify("demo", "cid")
	var seen []string
	for after := "0"; ; {
		r := w.backend(http.MethodGet, "/v1/notices?limit=2&after="+after, nil).want(t, http.StatusOK)
		items := r.body["items"].([]any)
		for _, one := range items {
			e := one.(map[string]any)
			data := e["data"].(map[string]any)
			seen = append(seen, e["subject"].(string))
			if e["specversion"] != "1.0" || e["type"] != "io.tokenstate.login.needed" || e["id"] == "" || data["reason"] != "session_ended" ||
				data["session_id"] != "s" || data["client_id"] != "app" || data["realm"] != "demo" || data["event_id"] != "event" || data["keys_pass"] != true {
				t.Errorf("%v", e)
			}
		}
		if len(items) == 0 {
			break
		}
		after = r.body["next_after"].(string)
	}
	if got := strings.Join(seen, " "); got != "ann ben cid" {
		t.Errorf("seen: %s", got)
	}
	w.backend(http.MethodGet, "/v1/notices?after=x", nil).want(t, http.StatusUnprocessableEntity, "reason", "invalid_request")
	few := w.credential("few", "demo", []string{"notices"}, []string{"o"})
	w.ask(http.MethodGet, "/v1/notices", nil, "X-Service-API-Key", few).want(t, http.StatusForbidden, "reason", "wrong_organization")
}

// streaming opens a stream of notices and gives its events, by id and data, until it ends.
func (w *world) streaming(url, lastID string) <-chan string {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	w.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v1/notices", nil)
	must(w.t, err)
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("X-Service-API-Key", w.service)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := http.DefaultClient.Do(r) //nolint:bodyclose // the goroutine below closes it
	must(w.t, err)
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		w.t.Fatalf("%d %v", answer.StatusCode, answer.Header)
	}
	events := make(chan string, 100)
	go func() {
		defer close(events)
		defer func() { _ = answer.Body.Close() }()
		id := ""
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			if v, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				id = v
			} else if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				events <- id + " " + data
			}
		}
	}()
	return events
}

// next waits for an event of a stream about a user.
func next(t *testing.T, events <-chan string, user string) (id string) {
	t.Helper()
	select {
	case e, ok := <-events:
		id, data, _ := strings.Cut(e, " ")
		if !ok || !strings.Contains(data, `"subject":"`+user+`"`) {
			t.Fatalf("not of %s: %q", user, e)
		}
		return id
	case <-time.After(30 * time.Second):
		t.Fatal("no event")
	}
	return ""
}

// Ensure notices come as they are written, to who comes for the first time from then on, and to who comes back what was
// written meanwhile; and that a program which stops ends its streams.
func TestNotices_Stream(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	w.notify("demo", "before")
	first := w.streaming(server.URL, "")
	w.notify("elsewhere", "eve")
	w.notify("demo", "ann")
	ann := next(t, first, "ann")
	w.notify("demo", "ben")
	next(t, first, "ben")
	second := w.streaming(server.URL, ann)
	next(t, second, "ben")
	w.server.Notices.Stop()
	for _, stream := range []<-chan string{first, second} {
		if e, more := <-stream; more {
			t.Errorf("after the end: %q", e)
		}
	}
}

// Ensure a stream from nowhere is refused, one too many is told to come back, and one without the scope is no stream.
func TestNotices_StreamRefused(t *testing.T) {
	w := newWorld(t)
	stream := []string{"Accept", "text/event-stream", "X-Service-API-Key", w.service}
	w.ask(http.MethodGet, "/v1/notices", nil, append(stream, "Last-Event-ID", "x")...).want(t, http.StatusUnprocessableEntity, "reason", "invalid_request")
	w.ask(http.MethodGet, "/v1/notices?after=-1", nil, stream...).want(t, http.StatusUnprocessableEntity, "reason", "invalid_request")
	few := w.credential("few", "demo", []string{"decide"}, nil)
	w.ask(http.MethodGet, "/v1/notices", nil, "Accept", "text/event-stream", "X-Service-API-Key", few).want(t, http.StatusForbidden, "reason", "insufficient_scope")
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	for range 100 {
		w.streaming(server.URL, "")
	}
	w.ask(http.MethodGet, "/v1/notices", nil, stream...).want(t, http.StatusServiceUnavailable, "reason", "overloaded")
	w.server.Notices.Stop()
}
