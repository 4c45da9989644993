package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/worker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// archive is an event store as Keycloak serves it: by time only, with offsets, both ends
// inclusive. The real one is compared with the listener in internal/e2e.
type archive struct {
	users  map[string][]UserEvent
	admins map[string][]AdminEvent
	now    events.Millis
	fault  map[string]error
	asked  int
	old    bool   // as before 26.2: the newest first, whatever From says
	during func() // what happens while a page is on its way
	kept   time.Duration
}

func (a *archive) Kept(context.Context, string) (users, admins time.Duration, err error) {
	return a.kept, a.kept, nil
}

func (a *archive) UserEvents(_ context.Context, realm string, p Page) (Answer[UserEvent], error) {
	a.asked++
	if a.during != nil {
		a.during()
	}
	rows := page(a, a.users[realm], p, func(e UserEvent) int64 { return e.Time })
	return Answer[UserEvent]{rows, a.now, a.old}, a.fault[realm]
}

func (a *archive) AdminEvents(_ context.Context, realm string, p Page) (Answer[AdminEvent], error) {
	rows := page(a, a.admins[realm], p, func(e AdminEvent) int64 { return e.Time })
	return Answer[AdminEvent]{rows, a.now, a.old}, a.fault[realm]
}

func page[Row any](a *archive, all []Row, p Page, at func(Row) int64) (out []Row) {
	sort.SliceStable(all, func(i, j int) bool {
		if a.old {
			i, j = j, i
		}
		return at(all[i]) < at(all[j])
	})
	for _, r := range all {
		if a.old || at(r) >= p.From {
			out = append(out, r)
		}
	}
	out = out[min(p.First, len(out)):]
	return out[:min(p.Max, len(out))]
}

func (a *archive) ClientUUID(_ context.Context, _, clientID string) (string, error) {
	if clientID == "gone" {
		return "", nil
	}
	return "uuid-of-" + clientID, nil
}

// world is the journal and the log of a test.
type world struct {
	archive
	have   map[string]bool
	realms []string
	states map[string]State
	said   map[string]events.Message
	fault  error
	lost   []string
	keep   []string
	b      *Backfill
}

// begun are realms of which everything has to be read.
func begun() map[string]State {
	return map[string]State{"demo": {Upto: 1}, "master": {Upto: 1}, "broken": {Upto: 1}}
}

func newWorld() *world {
	return &world{
		archive: archive{users: map[string][]UserEvent{}, admins: map[string][]AdminEvent{}, now: 1_000_000, fault: map[string]error{}},
		have:    map[string]bool{}, realms: []string{"demo"}, states: begun(), said: map[string]events.Message{},
	}
}

func (w *world) HaveEvents(context.Context, []string) (map[string]bool, error) {
	return w.have, nil
}
func (w *world) Realms(context.Context) ([]string, error)            { return w.realms, nil }
func (w *world) Backfills(context.Context) (map[string]State, error) { return w.states, nil }
func (w *world) KeepBackfills(_ context.Context, realms []string) error {
	w.keep = realms
	return nil
}

func (w *world) PutBackfill(_ context.Context, realm string, s State) error {
	w.states[realm] = s
	return nil
}

func (w *world) Publish(_ context.Context, m events.Message) error {
	if w.fault != nil {
		return w.fault
	}
	w.said[m.ID], w.have[m.ID] = m, true
	return nil
}

func (w *world) round() error {
	if w.b == nil {
		w.b = &Backfill{Archive: &w.archive, Journal: w, Log: w, AdminRealm: "master", Overlap: 10 * time.Second, Grace: 5 * time.Second, Logger: zerolog.Nop()}
		w.b.Lost = func(_ context.Context, realm string, since events.Millis) error {
			w.lost = append(w.lost, fmt.Sprint(realm, " ", since))
			return w.fault
		}
	}
	return w.b.Round(context.Background())
}

func logout(id string, at int64) UserEvent {
	return UserEvent{ID: id, Time: at, Type: "LOGOUT", UserID: "u", SessionID: "s", ClientID: "app"}
}

// Ensure every stored row comes into the log once, however many share a millisecond and however
// many pages they fill; what a listener has said, and what it may still say, does not.
func TestEveryRowComesOnce(t *testing.T) {
	w := newWorld()
	for i := range 2*pageSize + 700 {
		at := int64(100_000 + i)
		if i > 100 && i < 2*pageSize {
			at = 100_100 // far more than a page in one millisecond
		}
		w.users["demo"] = append(w.users["demo"], logout(fmt.Sprintf("event-%05d", i), at))
	}
	w.have["event-00003/l"] = true
	w.users["demo"] = append(w.users["demo"], logout("young-one", int64(w.now)-4000), logout("old-enough", int64(w.now)-6000))
	if err := w.round(); err != nil {
		t.Fatal(err)
	}
	if n := len(w.said); n != 2*pageSize+700 { // without number 3 and the young one, with the old one
		t.Fatalf("%d messages", n)
	}
	for _, id := range []string{"event-00003/b", "young-one/b"} {
		if _, ok := w.said[id]; ok {
			t.Errorf("%s was brought", id)
		}
	}
	m := w.said["old-enough/b"]
	if h, ok := m.Body.(*events.Happened); !ok || m.Source != events.Backfill || m.At != w.now-6000 || h.Event != "old-enough" || h.Client != "uuid-of-app" {
		t.Errorf("%+v", m)
	}
	if s := w.states["demo"]; s.Upto != w.now-10_000 || s.Missed != w.now-6000 {
		t.Errorf("%+v", s)
	}
	clear(w.said)
	if err := w.round(); err != nil || len(w.said) != 0 || w.states["demo"].Missed != 0 {
		t.Errorf("a second reading brought %d and left %+v, %v", len(w.said), w.states["demo"], err)
	}
}

// Ensure the overlap does not count as time of which nothing is known, only what was left to listeners
// does; and that realms of which nothing is held any more are forgotten.
func TestHowFarItIsKnown(t *testing.T) {
	w := newWorld()
	if err := w.round(); err != nil {
		t.Fatal(err)
	}
	got := w.states["demo"]
	if w.now-got.Known != 5_000 || w.now-got.Upto != 10_000 {
		t.Errorf("at %d it is read up to %d and known up to %d", w.now, got.Upto, got.Known)
	}
	if !slices.Equal(w.keep, []string{"demo", "master"}) {
		t.Errorf("kept %q", w.keep)
	}
}

// Ensure that the place to go on from stays where it is when something fails, so that nothing is
// skipped; and that one realm's fault does not hold up another's.
func TestAFaultSkipsNothing(t *testing.T) {
	w := newWorld()
	w.realms = []string{"broken", "demo"}
	for _, r := range w.realms {
		w.users[r] = []UserEvent{logout("event-of-"+r, 1000)}
	}
	forbidden := errors.New("forbidden")
	w.archive.fault["broken"], w.archive.fault["master"] = forbidden, forbidden
	if err := w.round(); !errors.Is(err, forbidden) {
		t.Fatal(err)
	}
	if w.states["broken"].Upto > 1 || w.states["demo"].Upto == 1 || len(w.said) != 1 {
		t.Fatalf("%+v, %d messages", w.states, len(w.said))
	}
	w.states = begun()
	w.fault = errors.New("NATS is away")
	w.users["demo"] = append(w.users["demo"], logout("another-one", 2000))
	if err := w.round(); err == nil || w.states["demo"].Upto != 1 {
		t.Fatalf("what was not published counts as read: %+v, %v", w.states, err)
	}
	w.archive.fault["broken"] = fmt.Errorf("keycloak: %w", worker.ErrAway)
	w.asked = 0
	if err := w.round(); !errors.Is(err, worker.ErrAway) || w.asked != 1 {
		t.Fatalf("%d questions to a Keycloak that is away, %v", w.asked, err)
	}
}

// Ensure the deletion of a realm is found where Keycloak keeps it, and only of realms that we know.
func TestADeletedRealm(t *testing.T) {
	w := newWorld()
	for _, realm := range []string{"demo", "other"} {
		w.admins["master"] = append(w.admins["master"], AdminEvent{ID: "delete-" + realm, Time: 1000, OperationType: "DELETE", ResourceType: "REALM", ResourcePath: realm})
	}
	if err := w.round(); err != nil {
		t.Fatal(err)
	}
	m, ok := w.said["delete-demo/b"]
	if h, _ := m.Body.(*events.Happened); !ok || len(w.said) != 1 || m.Realm != "demo" || h.RealmName != "demo" {
		t.Fatalf("%+v", w.said)
	}
}

// Ensure an event store as it was before 26.2 is read whole: rows without ids, the newest first,
// no time to ask from, and more of them while we read. Each comes once, the second reading brings
// none again, and nothing counts as missed by a listener, whose ids nobody knows.
func TestAStoreWithoutIDs(t *testing.T) {
	w := newWorld()
	w.old = true
	n := 0
	add := func(at int64) {
		n++
		w.users["demo"] = append(w.users["demo"], UserEvent{
			Time: at, Type: "LOGOUT", UserID: fmt.Sprint("user-", n), SessionID: "s",
		})
	}
	for i := range 3*pageSize + 7 {
		add(int64(100_000 + i/500)) // 500 in a millisecond
	}
	w.during = func() { add(200_000); add(100_001) } // one new, one late
	if err := w.round(); err != nil {
		t.Fatal(err)
	}
	for i := range 3*pageSize + 7 {
		if !w.brought(fmt.Sprint("user-", i+1)) {
			t.Fatalf("row %d was skipped", i+1)
		}
	}
	if w.states["demo"].Missed != 0 || w.asked != 4 {
		t.Errorf("%+v after %d pages", w.states["demo"], w.asked)
	}
	w.during = nil
	clear(w.said)
	w.states["demo"] = State{Upto: 100_000}
	if err := w.round(); err != nil || len(w.said) > 8 {
		t.Errorf("a second reading brought %d, %v", len(w.said), err)
	}
	clear(w.have) // the journal was pruned
	clear(w.said)
	w.asked, w.states["demo"] = 0, State{Upto: 200_000}
	if err := w.round(); err != nil || len(w.said) != 4 || w.asked != 1 {
		t.Errorf("beyond where it had read, it brought %d in %d pages, %v", len(w.said), w.asked, err)
	}
}

func (w *world) brought(user string) bool {
	for _, m := range w.said {
		if h, ok := m.Body.(*events.Happened); ok && h.User == user {
			return true
		}
	}
	return false
}

// Ensure two equal rows without ids are one message, the same at each reading, and that it names
// no server version: the row may be older than an upgrade.
func TestRowsWithoutID(t *testing.T) {
	w := newWorld()
	w.users["demo"] = []UserEvent{logout("", 1000), logout("", 1000), logout("", 2000)}
	for range 2 {
		if err := w.round(); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.said) != 2 || w.states["demo"].Missed != 0 {
		t.Fatalf("%d messages, %+v", len(w.said), w.states["demo"])
	}
	for _, m := range w.said {
		if m.Server != "" {
			t.Errorf("%+v", m)
		}
	}
}

// Ensure that whatever stands in a row, what is made of it can be read again, or nothing is made.
func TestAnyRowMakesAReadableMessage(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringN(0, 2000, 4000), rapid.SampledFrom([]string{"", "app", "\x00", "a\nb", "users/f:1:a/b/consents/x", "\xff"}))
	rapid.Check(t, func(t *rapid.T) {
		e := UserEvent{
			ID: "event-0001", Time: 1000, Type: rapid.SampledFrom(userTypes).Draw(t, "type"), ClientID: text.Draw(t, "client"), UserID: text.Draw(t, "user"),
			SessionID: text.Draw(t, "session"), Error: text.Draw(t, "error"),
			Details: map[string]string{"refresh_token_type": "Offline", "reason": text.Draw(t, "reason"), "revoked_client": text.Draw(t, "about"), "username": "personal"},
		}
		a := AdminEvent{
			ID: "event-0002", Time: 1000, OperationType: "UPDATE", ResourceType: rapid.SampledFrom([]string{"USER", "CLIENT", "REALM", "USER_SESSION"}).Draw(t, "resource"),
			ResourcePath:   rapid.SampledFrom([]string{"users/", "clients/", "sessions/", "organizations/o/members/", "", "/"}).Draw(t, "prefix") + text.Draw(t, "path"),
			Representation: rapid.OneOf(text, rapid.SampledFrom([]string{`{"offline":true,"clientId":5,"notBefore":"x"}`, `{"clientId":"c","enabled":false}`, `[`, `null`})).Draw(t, "repr"),
		}
		_, h := adminEvent(a, "demo")
		for _, body := range []*events.Happened{userEvent(e), h} {
			body.Event = "event-0001"
			m := events.Message{ID: "event-0001/b", Realm: "demo", At: 1000, Source: events.Backfill, Body: body}
			raw, err := events.Encode(m)
			if err == nil {
				_, err = events.Decode(raw)
			}
			if err != nil {
				t.Fatalf("%v: %+v", err, body)
			}
			if strings.Contains(string(raw), "personal") {
				t.Fatal("a detail that nobody needs was kept")
			}
		}
	})
}
