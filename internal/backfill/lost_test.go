package backfill

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
)

// Ensure a realm that was never read does not bring days of everybody's logins: of the past it
// brings only what no look can show, and that is nobody's fault.
func TestTheFirstReading(t *testing.T) {
	w := newWorld()
	w.states = map[string]State{}
	revoked := UserEvent{ID: "revoked", Time: 1000, Type: "REVOKE_GRANT", UserID: "u", SessionID: "s", ClientID: "app", Details: map[string]string{"refresh_token_type": "Offline"}}
	online := revoked
	online.ID, online.Details = "online", map[string]string{"refresh_token_type": "Refresh"}
	account := UserEvent{ID: "account", Time: 1000, Type: "DELETE_ACCOUNT", UserID: "u"}
	w.users["demo"] = []UserEvent{logout("old", 1000), revoked, online, account, logout("recent", int64(w.now)-9000)}
	w.admins["demo"] = []AdminEvent{
		{ID: "deleted", Time: 1000, OperationType: "DELETE", ResourceType: "USER", ResourcePath: "users/u"},
		{ID: "updated", Time: 1000, OperationType: "UPDATE", ResourceType: "USER", ResourcePath: "users/u"},
		{ID: "recently", Time: int64(w.now) - 9000, OperationType: "UPDATE", ResourceType: "USER", ResourcePath: "users/u"},
	}
	if err := w.round(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for id := range w.said {
		got = append(got, id)
	}
	slices.Sort(got)
	if want := []string{"account/b", "deleted/b", "recent/b", "recently/b", "revoked/b"}; !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
	if s := w.states["demo"]; s.Upto != w.now-10_000 || s.Missed != w.now-9000 {
		t.Errorf("%+v", s)
	}
}

// Ensure refused refreshes, which the listener joins and the store does not, count as missed by
// nobody; a reading brings one of a user whom the listener has not named, and none of nobody's.
func TestRefusedRefreshes(t *testing.T) {
	w := newWorld()
	for i, user := range []string{"a", "a", "b", "", "a", "b"} {
		w.users["demo"] = append(w.users["demo"], UserEvent{
			ID: fmt.Sprint("refused-", i), Time: int64(w.now) - 9000 + int64(i), Type: "REFRESH_TOKEN_ERROR", Details: map[string]string{"refresh_token_sub": user},
		})
	}
	w.have["refused-0/l"] = true // the listener's word on all of a's
	for range 2 {
		if err := w.round(); err != nil {
			t.Fatal(err)
		}
		if _, ok := w.said["refused-2/b"]; !ok || len(w.said) != 1 || w.states["demo"].Missed != 0 {
			t.Fatalf("%d messages, %+v", len(w.said), w.states["demo"])
		}
	}
	w.users["demo"] = append(w.users["demo"], UserEvent{ID: "by-session", Time: int64(w.now) - 8000, Type: "REFRESH_TOKEN_ERROR", SessionID: "s"})
	if err := w.round(); err != nil || len(w.said) != 2 {
		t.Errorf("one that names a session: %d messages, %v", len(w.said), err)
	}
}

// Ensure that rows which were gone before anybody read them are noticed and told: the store keeps
// them for a shorter time than the worker was away.
func TestRowsExpireUnread(t *testing.T) {
	for name, c := range map[string]struct {
		state State
		kept  time.Duration
		lost  []string
	}{
		"kept for ever": {State{Upto: 1000}, 0, nil},
		"kept longer":   {State{Upto: 1000}, time.Hour, nil},
		"expired":       {State{Upto: 1000}, 5 * time.Minute, []string{"demo 1000", "demo 1000"}}, // by the realm's store and the administrators'
		"never read":    {State{}, 5 * time.Minute, nil},
		"read just now": {State{Upto: 999_000}, time.Millisecond, nil},
	} {
		w := newWorld()
		w.kept = c.kept
		w.states = map[string]State{"demo": c.state, "master": c.state}
		if err := w.round(); err != nil || !slices.Equal(w.lost, c.lost) {
			t.Errorf("%s: %q, %v", name, w.lost, err)
		}
		if err := w.round(); err != nil || len(w.lost) != len(c.lost) {
			t.Errorf("%s, read again: %q, %v", name, w.lost, err)
		}
	}
	w := newWorld()
	w.kept, w.fault = time.Minute, errors.New("NATS is away")
	if err := w.round(); !errors.Is(err, w.fault) || w.states["demo"].Upto != 1 {
		t.Errorf("a loss that could not be told counts as told: %+v, %v", w.states["demo"], err)
	}
}

// Ensure that no row is lost silently when rows vanish while they are read, or between two
// readings: each row that is still there is brought, and a loss that may hide others is told.
func TestRowsVanish(t *testing.T) {
	crowd := func(w *world) {
		for i := range 3 * pageSize {
			w.users["demo"] = append(w.users["demo"], logout(fmt.Sprintf("event-%05d", i), int64(100_000+i)))
		}
	}
	drop := func(w *world, from, to int) {
		w.users["demo"] = slices.DeleteFunc(w.users["demo"], func(e UserEvent) bool {
			return e.Time >= int64(100_000+from) && e.Time < int64(100_000+to)
		})
	}
	for name, c := range map[string]struct {
		from, to int
		lost     bool
	}{
		"those that were read":  {0, pageSize - 1, false},
		"those and the next":    {0, pageSize + 500, true},
		"all":                   {0, 3 * pageSize, true},
		"nobody's":              {0, 0, false},
		"the last of this page": {pageSize - 1, pageSize, true}, // as far as anybody can tell
	} {
		w := newWorld()
		crowd(w)
		w.during = func() {
			if w.asked == 2 {
				drop(w, c.from, c.to)
			}
		}
		if err := w.round(); err != nil {
			t.Fatal(err)
		}
		for _, e := range w.users["demo"] {
			if _, ok := w.said[e.ID+"/b"]; !ok {
				t.Fatalf("%s: %s is there and was not brought", name, e.ID)
			}
		}
		if lost := len(w.lost) > 0; lost != c.lost {
			t.Errorf("%s: lost %v", name, w.lost)
		}
	}

	for _, old := range []bool{false, true} {
		w := newWorld()
		w.old = old
		w.users["demo"] = []UserEvent{logout("seen", int64(w.now)-8000)}
		for range 2 {
			if err := w.round(); err != nil || len(w.lost) != 0 {
				t.Fatalf("old %v: %v, %v", old, w.lost, err)
			}
		}
		w.users["demo"] = nil
		w.now += 1000
		upto := w.states["demo"].Upto
		if err := w.round(); err != nil || !slices.Equal(w.lost, []string{fmt.Sprint("demo ", upto)}) {
			t.Errorf("old %v: the store was emptied: %v, %v", old, w.lost, err)
		}
		if err := w.round(); err != nil || len(w.lost) != 1 {
			t.Errorf("old %v: told again: %v, %v", old, w.lost, err)
		}
	}
	w := newWorld()
	w.users["demo"] = []UserEvent{logout("seen", int64(w.now)-8000)}
	_ = w.round()
	w.now, w.users["demo"] = w.now+events.Millis(time.Hour.Milliseconds()), nil
	w.states["demo"] = State{Upto: w.now - 10_000}
	if err := w.round(); err != nil || len(w.lost) != 0 {
		t.Errorf("a row from before where reading goes on: %v, %v", w.lost, err)
	}
}
