package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/timeline"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

func expect(t *testing.T, what string, got map[string]string, want ...string) {
	t.Helper()
	for i := 0; i < len(want); i += 2 {
		if got[want[i]] != want[i+1] {
			t.Fatalf("%s: %s is %s, not %s (all: %v)", what, want[i], got[want[i]], want[i+1], got)
		}
	}
}

// Ensure a pardon brings back exactly what its order killed, and that neither a replay nor a
// late copy of the order kills it again.
func TestAPardonTakesBackOneOrder(t *testing.T) {
	w := newWorld(t)
	states := w.Tracked(workertest.Plain("a", "s1"), workertest.Plain("a", "s2"), workertest.Plain("b", "s3"))
	var first, second struct {
		ID      string
		Applied bool
	}
	w.json(&first, "revoke", "--realm", "demo", "--user", "a", "--reason", "stolen")
	w.json(&second, "revoke", "--realm", "demo", "--session", "s2", "--reason", "stolen")
	if !first.Applied || !second.Applied {
		t.Fatal("the orders were not applied")
	}
	expect(t, "revoked", states(), "a s1", "revoked", "a s2", "revoked", "b s3", "usable")
	if _, err := w.run("pardon", first.ID, "--reason", "found", "--dry-run"); !errors.Is(err, ops.ErrDifferences) {
		t.Fatalf("the dry run of a pardon found nothing: %v", err)
	}
	expect(t, "after a dry run", states(), "a s1", "revoked")
	w.must("pardon", first.ID, "--reason", "found")
	expect(t, "pardoned", states(), "a s1", "usable", "a s2", "revoked", "b s3", "usable")

	again, err := w.Store.JournalHas(t.Context(), []string{first.ID})
	must(t, err)
	m, err := events.Decode(again[first.ID].Raw)
	must(t, err)
	w.Applied(w.Say(events.Subject(m), "late-copy", again[first.ID].Raw))
	expect(t, "a late copy", states(), "a s1", "usable", "a s2", "revoked")
	before := w.Dump()
	w.DropFacts()
	w.must("replay", "--from", "beginning")
	expect(t, "replayed", states(), "a s1", "usable", "a s2", "revoked", "b s3", "usable")
	if w.Dump() != before {
		t.Fatal("the replay taught something else")
	}
}

// Ensure an empty variable of a shell is no order about a whole realm, and that such an order is
// given only by who says so.
func TestAWholeRealmIsNamed(t *testing.T) {
	w := newWorld(t)
	states := w.Tracked(workertest.Plain("a", "s1"), workertest.Plain("b", "s2"))
	for flag, args := range map[string][]string{
		"--user": {"--user", ""}, "--session": {"--user", "a", "--session", ""}, "--client": {"--client="}, "--all": {}, "--yes": {"--all"},
		"alone": {"--all", "--yes", "--user", "a"},
	} {
		_, err := w.run(append([]string{"revoke", "--realm", "demo", "--reason", "x"}, args...)...)
		if usage := errors.Is(err, ops.ErrUsage) || errors.Is(err, settings.ErrConfiguration); !usage || !strings.Contains(err.Error(), flag) {
			t.Errorf("%v: %v", args, err)
		}
	}
	for _, args := range [][]string{{"erase", "", "--reason", "x", "--realm", "demo"}, {"pardon", "", "--reason", "x"}, {"explain", ""}} {
		if _, err := w.run(args...); !errors.Is(err, settings.ErrConfiguration) {
			t.Errorf("%v: %v", args, err)
		}
	}
	expect(t, "nothing was ordered", states(), "a s1", "usable", "b s2", "usable")
	var all given
	w.json(&all, "revoke", "--realm", "demo", "--all", "--yes", "--reason", "x")
	if all.Reached != (postgres.Reached{Tokens: 2, Users: 2}) {
		t.Errorf("%+v", all)
	}
	expect(t, "all", states(), "a s1", "revoked", "b s2", "revoked")
}

// given is what an order answers.
type given struct {
	ID      string
	Applied bool
	Reached postgres.Reached
}

// Ensure an order says what it found, and one about nobody is exit code 3.
func TestOrdersSayWhatTheyReached(t *testing.T) {
	w := newWorld(t)
	w.Tracked(workertest.Plain("a", "s1"), workertest.Plain("a", "s2"), workertest.Plain("b", "s3"))
	for _, args := range [][]string{{"revoke", "--realm", "demo", "--user", "A", "--reason", "x"}, {"revoke", "--realm", "nosuch", "--all", "--yes", "--reason", "x"}, {"erase", "nobody", "--realm", "demo", "--reason", "x"}} {
		if out, err := w.run(args...); !errors.Is(err, ops.ErrNothingReached) || !strings.Contains(out, "tokens=0 keys=0 users=0") {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	var first given
	w.json(&first, "revoke", "--realm", "demo", "--user", "a", "--reason", "x")
	if first.Reached != (postgres.Reached{Tokens: 2, Users: 1}) {
		t.Errorf("%+v", first)
	}
	if out := w.must("pardon", first.ID, "--reason", "x"); !strings.Contains(out, "tokens=2 keys=0 users=1") {
		t.Error(out)
	}
	if out := w.must("erase", "a", "--realm", "demo", "--reason", "x"); !strings.Contains(out, "tokens=2 keys=0 users=1") {
		t.Error(out)
	}
	if out := w.must("erase", "a", "--realm", "demo", "--reason", "x"); !strings.Contains(out, "tokens=0 keys=0 users=1") {
		t.Error(out)
	}
}

// Ensure an order that makes no sense is refused before it is in the log.
func TestOrdersAreChecked(t *testing.T) {
	w := newWorld(t)
	for name, args := range map[string][]string{
		"nobody":         {"revoke", "--reason", "x"},
		"no realm":       {"revoke", "--user", "a", "--reason", "x"},
		"no reason":      {"revoke", "--realm", "demo"},
		"keys of a sid":  {"revoke", "--realm", "demo", "--session", "s", "--keys", "--reason", "x"},
		"no cause":       {"pardon", "--reason", "x"},
		"unknown cause":  {"pardon", "nothing-was-cut", "--reason", "x"},
		"no user":        {"erase", "--realm", "demo", "--reason", "x"},
		"no source":      {"replay", "--from", "yesterday"},
		"no time":        {"replay", "--from", "time=yesterday"},
		"sequence 0":     {"replay", "--from", "seq=0"},
		"beyond the end": {"replay", "--from", "seq=1000000"},
		"no file":        {"replay", "--from", "file=/nowhere"},
		"no number":      {"parked", "show", "x"},
		"nothing parked": {"parked", "requeue", "1"},
		"nobody known":   {"explain", "nobody"},
		"no output":      {"parked", "list", "-o", "xml"},
	} {
		if out, err := w.run(args...); err == nil {
			t.Errorf("%s: accepted, %s", name, out)
		}
	}
	if n, err := w.Store.JournalLines(t.Context()); err != nil || w.Dump() != "" {
		t.Fatalf("%d messages, %v, facts:\n%s", n, err, w.Dump())
	}
}

// Ensure erasing a user leaves nothing personal in the database, now and after a replay, and
// revocations as they are.
func TestErasureRemovesWhatIsPersonal(t *testing.T) {
	w := newWorld(t)
	w.History(0, 64)
	facts := w.Dump()
	w.Tracked(workertest.Token(0), workertest.Token(1))
	personal := func() (n int) {
		t.Helper()
		must(t, w.Pool.QueryRow(t.Context(), "SELECT count(*) FROM tokenstate.offline_token WHERE user_id = 'user-0'").Scan(&n))
		ms, err := w.Store.JournalAbout(t.Context(), "", []string{"user-0"}, 1_000)
		must(t, err)
		for _, m := range ms {
			raw, err := events.Encode(m)
			must(t, err)
			if m.Body.Class() != events.ClassPardon && (strings.Contains(string(raw), "do-not-keep") || strings.Contains(string(raw), "because")) {
				n++
			}
		}
		return n
	}
	if personal() < 3 {
		t.Fatal("nothing is there to erase")
	}
	w.must("erase", "user-0", "--realm", "demo", "--reason", "asked to")
	if n := personal(); n != 0 {
		t.Fatalf("%d rows are left", n)
	}
	if w.Dump() != facts {
		t.Fatal("the erasure changed facts")
	}
	w.must("verify")
	_, err := w.Pool.Exec(t.Context(), "DELETE FROM tokenstate.journal")
	must(t, err)
	w.DropFacts()
	w.must("replay", "--from", "beginning")
	if n := personal(); n != 0 || w.Dump() != facts {
		t.Fatalf("%d rows came back from the log", n)
	}
}

// Ensure neither a replay nor a second copy of an erase order takes what was stored after it.
func TestAnErasureReachesWhatWasStoredBeforeIt(t *testing.T) {
	w := newWorld(t)
	w.Tracked(workertest.Plain("a", "before"))
	var order given
	w.json(&order, "erase", "a", "--realm", "demo", "--reason", "asked to")
	again, err := w.Store.JournalHas(t.Context(), []string{order.ID})
	must(t, err)
	w.Tracked(workertest.Plain("a", "after"))
	// Later than the clocks of the log and the database may differ, without waiting for it.
	_, err = w.Pool.Exec(t.Context(), "UPDATE tokenstate.offline_token SET registered_at = now() + interval '1 minute' WHERE session = 'after'")
	must(t, err)
	left := func(how string) {
		t.Helper()
		var sessions string
		must(t, w.Pool.QueryRow(t.Context(), "SELECT coalesce(string_agg(session, ' '), '') FROM tokenstate.offline_token").Scan(&sessions))
		if sessions != "after" {
			t.Errorf("%s: left are %q", how, sessions)
		}
	}
	left("erased")
	m, err := events.Decode(again[order.ID].Raw)
	must(t, err)
	w.Applied(w.Say(events.Subject(m), "late-copy", again[order.ID].Raw))
	left("a late copy")
	w.must("replay", "--from", "beginning")
	left("a replay")
	w.must("replay", "--from", "journal")
	left("a replay of the journal")
}

// Ensure explain tells what happened, the newest first, and which verdict changed by it.
func TestExplainTellsTheStory(t *testing.T) {
	w := newWorld(t)
	w.Tracked(workertest.Plain("a", "s1"))
	var order struct{ ID string }
	w.json(&order, "revoke", "--realm", "demo", "--user", "a", "--reason", "stolen")
	w.must("pardon", order.ID, "--reason", "found")
	for name, kind := range map[string]timeline.Kind{"a": timeline.User, "s1": timeline.Session, order.ID: timeline.Event} {
		var s timeline.Story
		w.json(&s, "explain", name)
		if len(s.Steps) != 2 || s.User != "a" || s.Asked.Kind != kind || s.Steps[1].ID != order.ID || s.Steps[0].From != "operator" {
			t.Fatalf("%s: %+v", name, s)
		}
		for i, want := range []string{"revoked (revoked_by_order) → usable", "usable → revoked (revoked_by_order)"} {
			if c := s.Steps[i].Changes; len(c) != 1 || c[0].Before+" → "+c[0].After != want {
				t.Fatalf("step %d: %+v, not %s", i, c, want)
			}
		}
	}
	if out := w.must("explain", "a"); !strings.Contains(out, "usable → revoked (revoked_by_order)") {
		t.Fatalf("the text lacks the change:\n%s", out)
	}
}

// Ensure a key's id leads to its owner's story, and a whole key is refused with its id and without being repeated.
func TestExplainAKey(t *testing.T) {
	w := newWorld(t)
	key := apikey.Format(apikey.Entropy{ID: [8]byte{1}, Secret: [32]byte{2}})
	_, _, err := keyrows.New(w.Pool).Mint(t.Context(), keyrows.Name{Realm: "demo", User: "b", Key: apikey.SystemPrefix + "n"},
		func(*apikey.Record, apikey.Owned) (uint64, error) { return 1, nil },
		func(_ uint64, at events.Seconds) apikey.Issue {
			return apikey.Issue{Record: apikey.Record{ID: key.ID, Realm: "demo", User: "b", Name: apikey.SystemPrefix + "n", Kind: apikey.KindSystem, Generation: 1, Created: at, PepperID: "p"}, MadeBy: "service:backend"}
		})
	must(t, err)
	var s timeline.Story
	w.json(&s, "explain", key.ID)
	if s.User != "b" || s.Asked.Kind != timeline.AKey || len(s.Conclusion) == 0 || s.Conclusion[0].State != "admitted" || s.Conclusion[0].IDs[0] != key.ID {
		t.Errorf("a key: %+v", s)
	}
	out := w.must("explain", "b") // of whom nothing but the key is known
	for _, part := range []string{"API keys: admitted", key.ID, "made by service:backend"} {
		if !strings.Contains(out, part) {
			t.Errorf("the text lacks %q:\n%s", part, out)
		}
	}
	for line := range strings.SplitSeq(out, "\n") {
		if len([]rune(line)) > 110 {
			t.Errorf("a line of %d columns: %s", len([]rune(line)), line)
		}
	}
	whole := key.Text().Reveal()
	_, err = w.run("explain", whole)
	if err == nil || !strings.Contains(err.Error(), key.ID) || !strings.Contains(err.Error(), "history") || strings.Contains(err.Error(), whole[20:60]) {
		t.Errorf("a whole key: %v", err)
	}
	if _, err = w.run("explain", "nobody"); !errors.Is(err, timeline.ErrNobody) {
		t.Errorf("nobody: %v", err)
	}
}

// Ensure a message that cannot be read is kept, told of, and read again or discarded.
func TestParkedMessagesAreKept(t *testing.T) {
	w := newWorld(t)
	good, err := events.Encode(w.Message(0))
	must(t, err)
	subject := events.Subject(w.Message(0))
	first := w.Say(subject, "bad", []byte("no message"))
	// What a newer program could read stands in for one here: the subject was the worker's, and is put right.
	second := w.Say(subject+".worker", "wrong-subject", good)
	w.Applied(second)
	if out := w.must("parked", "list"); strings.Count(out, "\n") != 3 || !strings.Contains(out, "not JSON") {
		t.Fatalf("parked:\n%s", out)
	}
	if out := w.must("parked", "show", itoa(first)); out != "no message\n" {
		t.Fatalf("shown: %q", out)
	}
	if _, err := w.run("parked", "requeue", itoa(second)); err == nil {
		t.Fatal("what still cannot be read was taken")
	}
	_, err = w.Pool.Exec(t.Context(), "UPDATE tokenstate.parked SET subject = $1 WHERE seq = $2", subject, int64(second))
	must(t, err)
	w.must("parked", "requeue", itoa(second))
	w.must("parked", "discard", itoa(first), "--reason", "rubbish")
	if out := w.must("parked", "list"); strings.Count(out, "\n") != 1 {
		t.Fatalf("still parked:\n%s", out)
	}
	if w.Dump() == "" {
		t.Fatal("the requeued message taught nothing")
	}
	w.must("verify")
}

// Ensure an e-mail address is asked of Keycloak and told nobody, and a request's id of authapi.
func TestExplainAsksOthers(t *testing.T) {
	w := newWorld(t)
	w.Tracked(workertest.Plain("a", "s1"))
	token := "e30." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"iat":%d}`, time.Now().Unix())) + ".x"
	answers := map[string]string{
		"/realms/master/protocol/openid-connect/token": `{"access_token":"` + token + `","expires_in":60}`,
		"/admin/realms/demo/components":                `[]`,
		"/admin/realms/demo/users":                     `[{"id":"a"}]`,
		"/v1/refusals":                                 `{"items":[{"reason":"user_disabled","key_id":null,"user_id":"a","realm":"demo"}]}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(rw, answers[r.URL.Path])
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"KEYCLOAK_URL": server.URL, "KEYCLOAK_REALM": "demo", "WORKER_KEYCLOAK_CLIENT_ID": "c", "WORKER_KEYCLOAK_CLIENT_SECRET": "s",
		"AUTHAPI_URL": server.URL, "AUTHAPI_SERVICE_KEY": "k",
	} {
		t.Setenv(name, value)
	}
	for name, kind := range map[string]timeline.Kind{"ann@example.org": timeline.User, "the-request": timeline.Request} {
		var s timeline.Story
		w.json(&s, "explain", name)
		if s.User != "a" || s.Asked.Kind != kind {
			t.Errorf("%s: %+v", name, s)
		}
	}
	answers["/admin/realms/demo/users"], answers["/v1/refusals"] = `[{"id":"a"},{"id":"b"}]`, `{"items":[]}`
	if _, err := w.run("explain", "ann@example.org"); err == nil || !strings.Contains(err.Error(), "a, b") {
		t.Errorf("two users of one address: %v", err)
	}
	if _, err := w.run("explain", "the-request"); !errors.Is(err, timeline.ErrNobody) {
		t.Errorf("an unknown request: %v", err)
	}
}
