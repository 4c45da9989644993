package folded

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/uuid"
	"github.com/klauspost/compress/s2"

	"github.com/tokenstate/tokenstate/internal/events"
)

// TestMakeDictionary writes a dictionary into the file that FOLDED_DICTIONARY names: the next one, never one that is in use.
// It is made of what real messages have between their ids, each piece once.
func TestMakeDictionary(t *testing.T) {
	to := os.Getenv("FOLDED_DICTIONARY")
	if to == "" {
		t.Skip("FOLDED_DICTIONARY names no file")
	}
	samples := append(recorded(t), spoken(t)...)
	var history []byte
	seen := map[string]bool{}
	for _, m := range samples {
		kind := fmt.Sprint(kinds.FindAllString(string(m), -1))
		if seen[kind] || len(m) > 2_000 {
			continue
		}
		seen[kind] = true
		for _, piece := range between.Split(string(uuids.ReplaceAll(m, []byte{isID, 0})), -1) {
			if !bytes.Contains(history, []byte(piece)) {
				history = append(history, piece...)
			}
		}
	}
	d := s2.MakeDict(history, nil).Bytes()
	must(t, os.WriteFile(to, d, 0o644))
	t.Logf("%d bytes, of %d messages", len(d), len(samples))
}

// uuids and sessions are Keycloak's ids.
var (
	uuids    = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	sessions = regexp.MustCompile(`"[A-Za-z0-9_-]{24}"`)
)

// between what each message has for itself, ids and times, lies what it has in common with others. A NUL stands where a UUID was.
var between = regexp.MustCompile(`\x00|[A-Za-z0-9_-]{24}"|\d{4}-\d\d-\d\dT[0-9:.]+Z|\d{7,}`)

// realm is a scene's name for it.
var realm = regexp.MustCompile(`"realm":"r-[a-z0-9-]+"`)

// kinds are what a message is of. One of each is enough: the others differ in times.
var kinds = regexp.MustCompile(`"type":"[^"]*"`)

// renamed is a message with other ids, which are random as Keycloak's are.
func renamed(r *rand.ChaCha8, m []byte) []byte {
	other := map[string][]byte{}
	anew := func(form func([]byte) string) func([]byte) []byte {
		return func(was []byte) []byte {
			if other[string(was)] == nil {
				b := make([]byte, 18)
				_, _ = r.Read(b)
				other[string(was)] = []byte(form(b))
			}
			return other[string(was)]
		}
	}
	m = uuids.ReplaceAllFunc(m, anew(func(b []byte) string { return uuid.UUID(b[:16]).String() }))
	return sessions.ReplaceAllFunc(m, anew(func(b []byte) string { return `"` + base64.URLEncoding.EncodeToString(b) + `"` }))
}

// recorded are the messages of real Keycloaks, and those of the listener's own tests.
func recorded(tb testing.TB) (ms [][]byte) {
	tb.Helper()
	r := rand.NewChaCha8([32]byte{})
	scenes, err := filepath.Glob("../events/testdata/scenes/*.json")
	must(tb, err)
	for _, name := range scenes {
		b, err := os.ReadFile(name)
		must(tb, err)
		var scene struct {
			Messages []struct{ Message json.RawMessage }
		}
		must(tb, json.Unmarshal(b, &scene))
		for _, m := range scene.Messages {
			ms = append(ms, renamed(r, realm.ReplaceAll(m.Message, []byte(`"realm":"demo"`))))
		}
	}
	listeners, err := filepath.Glob("../events/testdata/java/*.json")
	must(tb, err)
	for _, name := range listeners {
		b, err := os.ReadFile(name)
		must(tb, err)
		ms = append(ms, renamed(r, bytes.TrimSpace(b)))
	}
	if len(ms) < 1000 {
		tb.Fatalf("only %d messages are recorded", len(ms))
	}
	return ms
}

// spoken are messages as the listener and the programs of today send them; most of a log are logins, refreshes and logouts with
// their looks, so they are here more than once, and last: what is nearest is the cheapest to name.
func spoken(tb testing.TB) (ms [][]byte) {
	tb.Helper()
	r := rand.NewChaCha8([32]byte{1})
	yes, no := true, false
	id := func() string { return string(renamed(r, []byte("00000000-0000-0000-0000-000000000000"))) }
	at := events.Millis(1_795_647_538_500)
	say := func(source events.Source, name string, body events.Body) {
		at += 7_919
		raw, err := events.Encode(events.Message{ID: name, Realm: "demo", At: at, Node: "kc1", Server: "26.7.3", Source: source, Body: body})
		must(tb, err)
		ms = append(ms, raw)
	}
	look := func(e *events.Happened, left []events.ClientSession) {
		cause := events.Cause{Event: e.Event, Type: e.Type, At: at}
		if e.Type == "LOGOUT" {
			cause.Session = e.Session
		}
		say(events.Listener, id(), &events.Observation{
			Causes:  []events.Cause{cause},
			Realm:   &events.RealmLook{Enabled: true, Name: "demo", FrontendURL: "https://sso.example", RefreshOnce: &no},
			Clients: []events.ClientLook{{Client: e.Client, ClientID: "app", Enabled: true, OfflineAccess: &yes, ConsentRequired: &no}},
			User:    &events.UserLook{User: e.User, Enabled: true, OfflineAccess: true},
			Rosters: []events.Roster{{User: e.User, Complete: true, Sessions: left}},
		})
	}
	for range 40 {
		user, client, session, key := id(), id(), id(), id()
		left := []events.ClientSession{{Session: session, Client: client, ClientID: "app", User: user, Start: at.Second(), Ends: at.Second() + 2_592_000, Life: 2_592_000}}
		say(events.Listener, id(), &events.Heartbeat{Instance: "0f0f0f0f", Resource: 1})
		say(events.Worker, id(), &events.Mark{Epoch: "1", Floor: 12_345_678, FeedVersion: 2_345_678})
		say(events.Authapi, id(), &events.Order{Order: events.OrderRevoke, User: user, Tokens: true, Keys: true, By: "service:app", Reason: "left", Before: at.Second()})
		say(events.Authapi, id(), &events.Order{Order: events.OrderKeyRevoked, User: user, Key: key, By: "service:app"})
		for _, kind := range []string{"LOGIN", "CODE_TO_TOKEN", "REFRESH_TOKEN", "LOGOUT"} {
			details := map[string]string{}
			if kind == "CODE_TO_TOKEN" || kind == "REFRESH_TOKEN" {
				details = map[string]string{"refresh_token_type": "Offline", "token_id": "ofrtac:" + id(), "client_auth_method": "client-secret", "refresh_token_sub": user}
			}
			e := &events.Happened{
				Event: id(), Kind: "user", Type: kind, User: user, Session: session, Client: client, ClientID: "app", Details: details, CommittedBy: at + 7_930,
			}
			say(events.Listener, e.Event+"/l", e)
			look(e, left)
		}
		e := &events.Happened{Event: id(), Kind: "user", Type: "LOGOUT", User: user, Session: id(), CommittedBy: at + 7_930}
		say(events.Listener, e.Event+"/l", e)
		look(e, nil)
	}
	return ms
}
