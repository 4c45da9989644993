package tokenstate_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// A scene is one row of keycloak.md's action table, played on a real Keycloak by the recorder
// (cmd/revocation-worker, build tag record): what the listener published, what looks over the
// admin API saw, and Keycloak's own answer to a refresh of each token.
type recordedScene struct {
	Scene, Row, Server string
	Messages           []recordedMessage
	Answers            []recordedAnswer
}

type recordedMessage struct {
	Received events.Millis
	Message  json.RawMessage
}

type recordedAnswer struct {
	After       int
	When, Token string
	User        string
	Client      string
	ClientID    string         `json:"client_id"`
	Session     string         `json:"session"`
	IssuedAt    events.Seconds `json:"issued_at"`
	Issuer      string
	Status      int
	Error       string
	Description string `json:"error_description"`
}

func (a recordedAnswer) lives() bool { return a.Status == http.StatusOK }

func (a recordedAnswer) token(realm string) tokenstate.Token {
	return tokenstate.Token{Realm: realm, User: a.User, Client: a.Client, ClientID: a.ClientID, Session: a.Session, IssuedAt: a.IssuedAt, Issuer: tokenstate.Spelt(a.Issuer)}
}

// recordedRules are those of one Keycloak node, as the recorder's was (internal/devstack's tuning).
func recordedRules() tokenstate.Rules {
	r := tokenstate.DefaultRules()
	r.Margin, r.Skew, r.CacheLag = 2_000, 0, 200
	return r
}

const scenesDir = "../events/testdata/scenes"

func readScene(t *testing.T, name string) (s recordedScene, ms []events.Message) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(scenesDir, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s, decodeAll(t, s.Messages)
}

func decodeAll(t *testing.T, all []recordedMessage) (ms []events.Message) {
	t.Helper()
	for _, r := range all {
		m, err := events.Decode(r.Message)
		if err != nil {
			t.Fatal(err)
		}
		m.Received = r.Received
		ms = append(ms, m)
	}
	return ms
}

// of picks the messages that one kind of knowledge consists of.
func of(ms []events.Message, sources ...events.Source) (out []events.Message) {
	for _, m := range ms {
		for _, s := range sources {
			if m.Source == s {
				out = append(out, m)
			}
		}
	}
	return out
}

// Ensure that what was recorded of every row leads to Keycloak's own answer: with the listener
// and looks over the admin API together, with either alone, and whatever the order. Where a look
// cannot see the refusal, the refresh is attempted, and its refusal closes exactly that token.
func TestScenesEqualKeycloaksAnswers(t *testing.T) {
	for name := range scenes {
		t.Run(name, func(t *testing.T) {
			s, ms := readScene(t, name)
			want := scenes[name]
			if s.Scene != name || s.Row != want.row || len(s.Answers) != len(want.answers) || s.Server == "" {
				t.Fatalf("%s %s has %d answers, want %s with %d", s.Scene, s.Row, len(s.Answers), want.row, len(want.answers))
			}
			for i, a := range s.Answers {
				holds(t, ms[:a.After], a, want.answers[i])
			}
		})
	}
}

// expected is "usable", or the state and reason of a verdict by everything that was seen.
type expected struct {
	verdict string
	// invisible: no look shows this refusal, so the refresh is attempted and its refusal learnt.
	invisible string
	doubt     bool // and the verdict says that it may be refused
	// hidden: looks over the admin API do not show it, the listener does.
	hidden string
	// unannounced: no event tells the listener to look.
	unannounced string
}

func holds(t *testing.T, ms []events.Message, a recordedAnswer, want expected) {
	t.Helper()
	tok, r := a.token(ms[0].Realm), recordedRules()
	where := fmt.Sprintf("%s, %s (Keycloak: %d %s)", a.When, a.Token, a.Status, a.Description)
	all := tokenstate.Judge(tok, fold(ms), r)
	if said(all) != want.verdict {
		t.Errorf("%s: want %s, got %s %+v", where, want.verdict, said(all), all)
	}
	if want.doubt && !all.InDoubt {
		t.Errorf("%s: not in doubt: %+v", where, all)
	}
	slices.Reverse(ms)
	if v := tokenstate.Judge(tok, fold(ms), r); v != all {
		t.Errorf("%s: backwards %+v, want %+v", where, v, all)
	}
	slices.Reverse(ms)
	if lives := want.verdict == "usable"; lives != a.lives() && (!lives || want.invisible == "") {
		t.Errorf("%s: %q is not what Keycloak answers", where, want.verdict)
	}
	v := tokenstate.Judge(tok, fold(of(ms, events.Listener)), r)
	if lives := v.State == tokenstate.Usable; lives != a.lives() && !v.InDoubt && (!lives || want.invisible+want.unannounced == "") {
		t.Errorf("%s: by the listener alone %s, and nothing more will be looked at: %+v", where, said(v), v)
	}
	alone := fold(of(ms, events.Look))
	tokenstate.SightingRow{ // as a look when the token was new has shown it
		ID:    tokenstate.SightingKey{Seat: tokenstate.Scope{Realm: tok.Realm, Client: tok.Client, Session: tok.Session}},
		Value: tokenstate.Sighting{At: tok.IssuedAt.Millis(), Owner: tok.User},
	}.AddTo(alone)
	v = tokenstate.Judge(tok, alone, r)
	if lives := v.State == tokenstate.Usable; lives != a.lives() && (!lives || want.invisible+want.hidden == "") {
		t.Errorf("%s: by looks alone %s %+v", where, said(v), v)
	}
	learnsOutcome(t, ms, a, tok, where)
}

// learnsOutcome: a refusal closes exactly this token until it is tried again, and a success opens it.
func learnsOutcome(t *testing.T, ms []events.Message, a recordedAnswer, tok tokenstate.Token, where string) {
	t.Helper()
	if a.lives() {
		return
	}
	at := ms[len(ms)-1].Received
	outcome := func(at events.Millis, refused bool) events.Message {
		o := &events.Order{
			Order: events.OrderRefresh, By: "authapi", User: tok.User, Client: tok.Client, ClientID: tok.ClientID, Session: tok.Session,
			IssuedAt: tok.IssuedAt, Refused: refused,
		}
		if refused {
			o.RetryAt, o.Error, o.ErrorDescription = at+60_000, a.Error, a.Description
		}
		return events.Message{ID: fmt.Sprint("outcome-", at), Realm: tok.Realm, At: at, Received: at, Source: events.Authapi, Body: o}
	}
	before := tokenstate.Judge(tok, fold(ms), recordedRules())
	seen := append(append([]events.Message{}, ms...), outcome(at+1, true))
	v := tokenstate.Judge(tok, fold(seen), recordedRules())
	if v.State == tokenstate.Usable || before.State == tokenstate.Usable && (v.Reason != tokenstate.ReasonRefused || v.RetryAt != at+60_001) {
		t.Errorf("%s: after the refusal %s %+v", where, said(v), v)
	}
	sibling := tok
	sibling.IssuedAt++
	if b, s := tokenstate.Judge(sibling, fold(ms), recordedRules()), tokenstate.Judge(sibling, fold(seen), recordedRules()); b.State != s.State {
		t.Errorf("%s: the refusal reached the next generation: %s, then %s", where, said(b), said(s))
	}
	again := tokenstate.Judge(tok, fold(append(seen, outcome(at+2, false))), recordedRules())
	if said(again) != said(before) {
		t.Errorf("%s: after a success %s, want %s", where, said(again), said(before))
	}
}

func said(v tokenstate.Verdict) string {
	return strings.TrimSpace(v.State.String() + " " + v.Reason)
}

// Ensure no recorded scene is left out of the table, and no row of keycloak.md without a scene.
func TestScenesAreAllHeld(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(scenesDir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the recorded scenes are gone: %v", err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		if _, ok := scenes[name]; !ok {
			t.Errorf("scene %s is in no table: what should it lead to?", name)
		}
	}
	covered := map[string]bool{}
	for _, s := range scenes {
		covered[s.row] = true
	}
	for table, rows := range map[string]int{"L": 7, "R": 4, "C": 6, "U": 10, "P": 19, "E": 8} {
		for n := range rows {
			if row := fmt.Sprint(table, n+1); !covered[row] {
				t.Errorf("no scene plays row %s", row)
			}
		}
	}
	if !covered["A6"] || !covered["A7"] { // A1 to A5 are not of one action
		t.Error("no scene plays row A6 or A7")
	}
}
