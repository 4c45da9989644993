package main

import (
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/notice"
)

// parked writes a notice that an endpoint has refused for good.
func (w *world) parked(user string) {
	w.T.Helper()
	at, _, err := w.Store.Notices().NoticeMoment(w.T.Context())
	must(w.T, err)
	n := notice.Notice{Type: notice.LoginNeeded, Subject: notice.Subject{Realm: "demo", User: user, Client: "app"}, Cause: "event"}
	must(w.T, w.Store.Notices().Tell(w.T.Context(), at, []notice.Written{{Notice: n, Body: []byte("{}"), For: []string{"app"}}}))
	due, err := w.Store.Notices().DueDeliveries(w.T.Context(), "app", 1)
	must(w.T, err)
	_, err = w.Store.Notices().TakeDelivery(w.T.Context(), due[0], 0)
	must(w.T, err)
	must(w.T, w.Store.Notices().DeliveryFailed(w.T.Context(), due[0], "status 410", true))
}

// Ensure an operator sees what is parked, and has it tried again or dropped.
func TestParkedNotices(t *testing.T) {
	w := newWorld(t)
	w.parked("ann")
	if out := w.must("notices", "parked"); !strings.Contains(out, "app") || !strings.Contains(out, "status 410") {
		t.Errorf("parked: %s", out)
	}
	if out := w.must("notices", "retry", "app"); !strings.Contains(out, "1") || strings.Contains(w.must("notices", "parked"), "app") {
		t.Errorf("retried: %s", out)
	}
	due, err := w.Store.Notices().DueDeliveries(t.Context(), "app", 10)
	must(t, err)
	if len(due) != 1 {
		t.Errorf("due again: %v", due)
	}
	must(t, w.Store.Notices().Delivered(t.Context(), due[0]))
	w.parked("ben")
	if out := w.must("notices", "drop", "app"); !strings.Contains(out, "1") || strings.Contains(w.must("notices", "parked"), "app") {
		t.Errorf("dropped: %s", out)
	}
	for _, args := range [][]string{{"notices", "retry"}, {"notices", "drop", "app", "more"}} {
		if _, err := w.run(args...); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
