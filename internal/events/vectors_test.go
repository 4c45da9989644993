package events_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tokenstate/tokenstate/internal/events"
)

// recorded are messages exactly as the listener published them from Keycloak 26.7.3.
func recorded(tb testing.TB) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob("testdata/recorded/*.json")
	if err != nil || len(files) < 20 {
		tb.Fatalf("the corpus of recorded messages is gone: %d files, %v", len(files), err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(f), ".json")] = raw
	}
	scenes(tb, all)
	return all
}

// scenes adds the messages of the recorded scenes, those of looks over the admin API among them.
func scenes(tb testing.TB, all map[string][]byte) {
	tb.Helper()
	files, err := filepath.Glob("testdata/scenes/*.json")
	if err != nil || len(files) < 80 {
		tb.Fatalf("the corpus of recorded scenes is gone: %d files, %v", len(files), err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		var s struct {
			Messages []struct{ Message json.RawMessage }
		}
		if err := json.Unmarshal(raw, &s); err != nil {
			tb.Fatal(err)
		}
		for i, m := range s.Messages {
			all[fmt.Sprintf("%s/%d", strings.TrimSuffix(filepath.Base(f), ".json"), i)] = m.Message
		}
	}
}

// Ensure what Keycloak's listener publishes satisfies the schema, decodes, and comes back
// the same after encoding.
func TestRecordedMessages(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("envelope.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range recorded(t) {
		t.Run(name, func(t *testing.T) {
			validate(t, schema, raw)
			m, err := events.Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			again, err := events.Encode(m)
			if err != nil {
				t.Fatal(err)
			}
			validate(t, schema, again)
			m2, err := events.Decode(again)
			if err != nil || !cmp.Equal(m, m2) {
				t.Fatalf("differs after encoding (%v): %s", err, cmp.Diff(m, m2))
			}
		})
	}
}

func validate(t *testing.T, schema *jsonschema.Schema, raw []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(v); err != nil {
		t.Fatal(err)
	}
}

// Ensure each kind of bad input is refused with the member's name and never with its value.
func TestDecodeRefuses(t *testing.T) {
	good := string(recorded(t)["logout-offline-event"])
	replace := func(old, by string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the vector lacks %q", old)
		}
		return strings.Replace(good, old, by, 1)
	}
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	for name, c := range map[string]struct{ raw, member string }{
		"empty":           {"", "message"},
		"not JSON":        {"SECRET-CANARY", "message"},
		"trailing data":   {good + "{}", "message"},
		"duplicate":       {replace(`"specversion"`, `"id":"SECRET-CANARY","specversion"`), "message"},
		"NUL":             {replace("LOGOUT", `LOG\u0000OUT`), "message"},
		"not UTF-8":       {replace("LOGOUT", "LOG\xff"), "message"},
		"too deep":        {deep, "message"},
		"too large":       {replace(`"LOGOUT"`, `"`+strings.Repeat("A", events.MaxMessage)+`"`), "message"},
		"unknown major":   {replace(`"tsversion":"1"`, `"tsversion":"2"`), "tsversion"},
		"unknown class":   {replace(`tokenstate.event`, `tokenstate.SECRET-CANARY`), "type"},
		"realm of a line": {replace(`"realm":"`, `"realm":"a\n`), "realm"},
		"data not object": {`{"specversion":"1.0","tsversion":"1","id":"SECRET-CANARY","source":"x","type":"tokenstate.event","time":"2026-11-24T00:00:00Z","realm":"demo","data":[]}`, "data"},
		"no time":         {replace(`"time":"`, `"time":"SECRET-CANARY`), "time"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := events.Decode([]byte(c.raw))
			var r *events.RejectError
			if !events.IsReject(err) || !asReject(err, &r) {
				t.Fatalf("want a Reject, got %v and %+v", err, m)
			}
			if r.Member != c.member || strings.Contains(err.Error(), "CANARY") {
				t.Fatalf("want member %q and no value, got %v", c.member, err)
			}
			if !cmp.Equal(m, events.Message{}) {
				t.Fatal("a refused message must be empty")
			}
		})
	}
}

// Ensure a heartbeat tells its process and its resource, is taken without them (an older jar), and
// cannot bring a value that is no id or no version.
func TestDecodeHeartbeat(t *testing.T) {
	beat := func(members string) string {
		return `{"specversion":"1.0","tsversion":"1","id":"00000000-beat","source":"urn:tokenstate:listener","type":"tokenstate.heartbeat",` +
			`"time":"2026-11-24T00:00:00Z","realm":"_","node":"kc-1","data":{"queued":0,"dropped":3` + members + `}}`
	}
	for members, want := range map[string]events.Heartbeat{
		``:                                  {Dropped: 3},
		`,"instance":"0f0f-1","resource":1`: {Dropped: 3, Instance: "0f0f-1", Resource: 1},
		`,"resource":1000`:                  {Dropped: 3, Resource: 1000},
	} {
		m, err := events.Decode([]byte(beat(members)))
		if err != nil || !cmp.Equal(m.Body, events.Body(&want)) {
			t.Errorf("%s: got %+v, %v", members, m.Body, err)
		}
	}
	for members, member := range map[string]string{
		`,"instance":"` + strings.Repeat("a", 65) + `"`: "data.instance",
		`,"instance":"a b"`:                             "data.instance",
		`,"instance":7`:                                 "instance",
		`,"resource":-1`:                                "data.resource",
		`,"resource":1001`:                              "data.resource",
		`,"resource":1.5`:                               "resource",
		`,"dropped":-1`:                                 "message", // a second one
	} {
		_, err := events.Decode([]byte(beat(members)))
		var r *events.RejectError
		if !asReject(err, &r) || r.Member != member {
			t.Errorf("%s: want a Reject of %s, got %v", members, member, err)
		}
	}
}

func asReject(err error, r **events.RejectError) bool {
	v, ok := err.(*events.RejectError) //nolint:errorlint // Decode promises exactly this type
	*r = v
	return ok
}

// Ensure a message cannot lie on a subject that its writer had no right to: whoever may
// publish events must not be able to publish a pardon.
func TestArrivedHoldsSubjectAgainstMessage(t *testing.T) {
	pardon := events.Message{
		ID: "00000000-0000-0000-0000-000000000001", Realm: "demo", Source: events.Operator,
		Body: &events.Pardon{Cause: "00000000-cause", By: "op", Reason: "mistake"},
	}
	if got := events.Subject(pardon); got != "tokenstate.v1.demo.pardon.cause" {
		t.Fatal(got)
	}
	got, err := events.Arrived(pardon, events.Subject(pardon), 7)
	if err != nil || got.Received != 7 {
		t.Fatal(got, err)
	}
	for _, subject := range []string{
		"tokenstate.v1.demo.event.LOGOUT", "tokenstate.v1.other.pardon.cause", "tokenstate.v2.demo.pardon.cause",
		"tokenstate.v1.demo.pardon", "tokenstate.v1.demo.pardon.cause.x", "pardon",
	} {
		if _, err := events.Arrived(pardon, subject, 7); !events.IsReject(err) {
			t.Errorf("%s: want a Reject, got %v", subject, err)
		}
	}
}

// Ensure the listener cannot speak as the worker, which reads Keycloak's event store and looks for itself,
// nor the worker as the listener.
func TestArrivedHoldsSubjectAgainstSource(t *testing.T) {
	happened := &events.Happened{Event: "e", Kind: "admin", Type: "DELETE USER", Path: "users/u", User: "u"}
	look := &events.Observation{User: &events.UserLook{User: "u", Enabled: true}}
	own := "tokenstate.v1.demo.event.DELETE_USER"
	for _, c := range []struct {
		source  events.Source
		body    events.Body
		subject string
		arrives bool
	}{
		{events.Listener, happened, own, true},
		{events.Foreign, happened, own, true},
		{events.Backfill, happened, own, false},
		{events.Backfill, happened, own + ".backfill", true},
		{events.Backfill, happened, own + ".look", false},
		{events.Listener, happened, own + ".backfill", false},
		{events.Worker, happened, own, false},
		{events.Worker, happened, own + ".worker", true},
		{events.Listener, look, "tokenstate.v1.demo.observation.user", true},
		{events.Look, look, "tokenstate.v1.demo.observation.user", false},
		{events.Look, look, "tokenstate.v1.demo.observation.user.look", true},
		{events.Look, look, "tokenstate.v1.demo.observation.user.look.look", false},
	} {
		m := events.Message{ID: "message-0001", Realm: "demo", Source: c.source, Body: c.body}
		if _, err := events.Arrived(m, c.subject, 7); (err == nil) != c.arrives || err != nil && !events.IsReject(err) {
			t.Errorf("%s on %s: %v", c.source, c.subject, err)
		}
		if _, err := events.Arrived(m, events.Subject(m), 7); err != nil {
			t.Errorf("%s on its own subject: %v", c.source, err)
		}
	}
}

// Ensure decoding anything gives either a message that survives a round trip or nothing.
func FuzzDecode(f *testing.F) {
	for _, raw := range recorded(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := events.Decode(raw)
		if err != nil {
			if !events.IsReject(err) || !cmp.Equal(m, events.Message{}) {
				t.Fatalf("%+v %v", m, err)
			}
			return
		}
		again, err := events.Encode(m)
		if err != nil {
			if len(raw) < events.MaxMessage/2 {
				t.Fatal(err) // escaping may grow a large message beyond the limit, never a small one
			}
			return
		}
		m2, err := events.Decode(again)
		a, _ := json.Marshal(m)
		b, _ := json.Marshal(m2)
		if err != nil || !bytes.Equal(a, b) {
			t.Fatalf("round trip: %v\n%s\n%s", err, a, b)
		}
	})
}

// Ensure a look and a page can say which user store a user comes from, and bound what they say.
func TestDecodeStore(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("envelope.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	look := func(store string) []byte {
		user := `{"user":"u-1","enabled":true,"offline_access":true,"store":"` + store + `"}`
		return []byte(`{"specversion":"1.0","tsversion":"1","id":"00000000-look","source":"urn:tokenstate:look","type":"tokenstate.observation",` +
			`"time":"2026-11-24T00:00:00Z","realm":"acme","data":{"user":` + user + `,"users":[` + user + `]}}`)
	}
	m, err := events.Decode(look("ldap-1"))
	if err != nil {
		t.Fatal(err)
	}
	validate(t, schema, look("ldap-1"))
	o, _ := m.Body.(*events.Observation)
	if o.User.Store != "ldap-1" || o.Users[0].Store != "ldap-1" {
		t.Errorf("the user store was lost: %+v", o)
	}
	if _, err := events.Decode(look(strings.Repeat("s", 256))); !events.IsReject(err) {
		t.Errorf("a store's id of 256 bytes was taken: %v", err)
	}
}

// Ensure that what the read-only resource answers is read as strictly as a message of the log.
func TestParseObservation(t *testing.T) {
	yes := true
	good := map[string]*events.Observation{
		`{}`: {},
		`{"users":[{"user":"u","enabled":true,"offline_access":true},{"user":"v","enabled":false}]}`: {Users: []events.UserSeen{{User: "u", Enabled: true, OfflineAccess: &yes}, {User: "v"}}},
		`{"user":{"user":"u","enabled":true,"offline_access":true},"newer":1}`:                       {User: &events.UserLook{User: "u", Enabled: true, OfflineAccess: true}},
	}
	for raw, want := range good {
		got, err := events.ParseObservation([]byte(raw))
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%s: %v %s", raw, err, d)
		}
	}
	for _, raw := range []string{
		``, `[]`, `null`, `{} {}`, `{"user":{"user":""}}`, `{"users":[{"user":"u","enabled":1}]}`, `{"user":{"user":"u"},"user":{"user":"v"}}`,
		`{"rosters":[{"complete":true,"sessions":[]}]}`, `{"x":"` + strings.Repeat("x", events.MaxMessage) + `"}`,
	} {
		if o, err := events.ParseObservation([]byte(raw)); !events.IsReject(err) {
			t.Errorf("%.80s: %+v %v", raw, o, err)
		}
	}
}
