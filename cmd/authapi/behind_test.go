package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/authapi/audit"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// Ensure a use shows in the list after it was written behind, that refused keys have none, and
// that a database that hangs delays no decision.
func TestLastUsed(t *testing.T) {
	w := newWorld(t)
	made := w.create(map[string]any{"name": "n"})
	lastUsed := func() any {
		return w.backend(http.MethodGet, userKeys, nil).body["items"].([]any)[0].(map[string]any)["last_used_at"]
	}
	w.server.Flush(t.Context())
	if lastUsed() != nil {
		t.Fatal("it was not used yet")
	}
	began := time.Now().Truncate(time.Second)
	for range 100 {
		w.me(made.text("key")).want(t, http.StatusOK)
	}
	tx, err := w.pool.Begin(t.Context()) // somebody holds the row: neither decision nor writing waits
	must(t, err)
	_, err = tx.Exec(t.Context(), "SELECT * FROM tokenstate.api_key FOR UPDATE")
	must(t, err)
	w.me(made.text("key")).want(t, http.StatusOK)
	w.server.Flush(t.Context())
	must(t, tx.Rollback(t.Context()))
	if lastUsed() != nil || strings.Contains(w.log.String(), "were not written") {
		t.Fatal("a held row was written, or waited for until the limit")
	}
	w.me(made.text("key")).want(t, http.StatusOK)
	w.server.Flush(t.Context())
	at, err := time.Parse(time.RFC3339, lastUsed().(string))
	must(t, err)
	if at.Before(began) || time.Since(at) > time.Minute {
		t.Errorf("used at %s", at)
	}
}

// Ensure a new pepper leaves every key valid, that each is digested anew at its next use, on every
// replica, and that the old pepper can go when none needs it.
func TestPepperRotation(t *testing.T) {
	w := newWorld(t)
	used, idle := w.create(map[string]any{"name": "used"}).text("key"), w.create(map[string]any{"name": "idle"}).text("key")
	legacy := w.imported("sk-oh-0123456789abcdef0123456789abcdef")
	old := w.held.Peppers[0]
	w.held.Peppers = apikey.Peppers{{ID: "new", Key: secret.New(strings.Repeat("n", 32))}, old}
	r := w.replica()
	for _, key := range []string{used, legacy} {
		r.me(key).want(t, http.StatusOK)
	}
	r.backend(http.MethodGet, userKeys, nil).want(t, http.StatusOK) // the credential, too
	r.server.Flush(t.Context())
	r.caughtUp()
	under, err := keyrows.New(w.pool).UnderPeppers(t.Context())
	must(t, err)
	for _, u := range under {
		if u.Pepper == "new" && (u.Keys != 2 || u.ServiceKeys != 1) || u.Pepper == old.ID && (u.Keys != 1 || u.ServiceKeys != 0) {
			t.Errorf("%+v", u)
		}
	}
	for _, key := range []string{used, idle, legacy} {
		r.me(key).want(t, http.StatusOK)
	}
	w.caughtUp()
	w.server.Gate.Peppers = r.server.Gate.Peppers // a replica that ran on, once it was given the new file
	w.me(legacy).want(t, http.StatusOK)
	w.held.Peppers = w.held.Peppers[:1]
	alone := w.replica() // the old pepper is gone
	alone.me(used).want(t, http.StatusOK)
	alone.me(legacy).want(t, http.StatusOK)
	alone.me(idle).want(t, http.StatusUnauthorized, "reason", "unknown")
}

// imported stores a key of another format, as an import does.
func (w *world) imported(text string) string {
	w.t.Helper()
	p, err := apikey.Parse(text)
	must(w.t, err)
	k := apikey.NewIssue(apikey.Record{Realm: "demo", User: "u", Name: "old", Kind: apikey.KindLegacy, Generation: 1, Created: 1_700_000_000}, p, w.held.Peppers[0])
	k.ID = "legacy-1"
	_, err = keyrows.New(w.pool).Create(w.t.Context(), k.Realm, k.User, func(apikey.Owned) (apikey.Issue, error) { return k, nil }, nil)
	must(w.t, err)
	w.caughtUp()
	return text
}

// Ensure a legacy key is rotated into one of our format, and says why it is dead.
func TestLegacyKey(t *testing.T) {
	w := newWorld(t)
	legacy := w.imported("0123456789abcdef0123456789abcdef")
	w.me(legacy).want(t, http.StatusOK)
	w.me(legacy[:31]+"x").want(t, http.StatusUnauthorized, "reason", "unknown")
	next := w.backend(http.MethodPost, userKeys+"/legacy-1/rotate?wait_ms=5000", map[string]any{"overlap_s": 0}).want(t, http.StatusCreated, "kind", "user")
	w.me(next.text("key")).want(t, http.StatusOK)
	w.me(legacy).want(t, http.StatusUnauthorized, "reason", "revoked")
}

// Ensure a new master leaves system keys as they were, as long as the old one is kept, and that
// without it the next mint gives another key while the old one goes on working.
func TestMasterRotation(t *testing.T) {
	w := newWorld(t)
	before := w.mint("automation")
	w.held.OldMasters, w.held.Master = []secret.Text{w.held.Master}, secret.New(strings.Repeat("m", 32))
	r := w.replica()
	if r.mint("automation") != before {
		t.Fatal("a mint gave another key although the old one lives")
	}
	fresh := r.mint("other")
	w.held.OldMasters = nil
	alone := w.replica()
	if alone.mint("other") != fresh || alone.mint("automation") == before {
		t.Fatal("the masters are mixed up")
	}
	alone.me(before).want(t, http.StatusOK)
	// A repeated request cannot be answered without the master that its secret was made with.
	w.create(map[string]any{"name": "n"}, "Idempotency-Key", "k").want(t, http.StatusCreated)
	alone.create(map[string]any{"name": "n"}, "Idempotency-Key", "k").want(t, http.StatusConflict, "reason", "secret_not_derivable")
}

// Ensure each act with a credential is in the audit, the refused ones too, that reads are counted,
// and that a changed, removed or cut row shows.
func TestAudit(t *testing.T) {
	w := newWorld(t)
	w.create(map[string]any{"name": "n"})
	for range 3 {
		w.backend(http.MethodPost, "/v1/decide", map[string]any{"items": []any{map[string]any{"user_id": "u"}}}).want(t, http.StatusOK)
	}
	few := w.credential("few", "demo", []string{gate.ScopeDecide}, nil)
	w.ask(http.MethodPost, "/v1/users/u/standing", map[string]any{"enabled": false, "reason": "r"}, "X-Service-API-Key", few).want(t, http.StatusForbidden)
	w.ask(http.MethodGet, userKeys, nil, "X-Service-API-Key", "nonsense").want(t, http.StatusUnauthorized) // nobody's act
	w.server.Flush(t.Context())
	var got []keyrows.Act
	st := keyrows.New(w.pool)
	check := func() error {
		got = nil
		_, _, err := st.EachAct(context.Background(), 0, func(_ int64, a keyrows.Act) { got = append(got, a) })
		return err
	}
	must(t, check())
	want := []keyrows.Act{
		{Actor: "service:all", Action: "POST /v1/users/{user_id}/api-keys", Target: "/v1/users/u/api-keys", Status: 201, Times: 1},
		{Actor: "service:few", Action: "POST /v1/users/{user_id}/standing", Target: "/v1/users/u/standing", Status: 403, Times: 1},
		{Actor: "service:all", Action: "POST /v1/decide", Target: "/v1/decide", Status: 200, Times: 3},
	}
	for i, a := range got {
		if a.Request == "" || a.Realm != "demo" || a.At.IsZero() {
			t.Errorf("act %d: %+v", i, a)
		}
		a.Request, a.Realm, a.At = "", "", time.Time{}
		if i >= len(want) || a != want[i] {
			t.Errorf("act %d: %+v", i, a)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d acts", len(got))
	}
	for _, sql := range []string{
		"UPDATE tokenstate.act SET actor = 'service:x' WHERE n = 1", "DELETE FROM tokenstate.act WHERE n = 2",
		"DELETE FROM tokenstate.act WHERE n = 3", "UPDATE tokenstate.act_head SET n = 2",
	} {
		tx, err := w.pool.Begin(t.Context())
		must(t, err)
		_, err = tx.Exec(t.Context(), "CREATE TABLE saved AS SELECT * FROM tokenstate.act; CREATE TABLE head AS SELECT * FROM tokenstate.act_head")
		must(t, err)
		must(t, tx.Commit(t.Context()))
		_, err = w.pool.Exec(t.Context(), sql)
		must(t, err)
		if err := check(); !errors.Is(err, keyrows.ErrBroken) {
			t.Errorf("%s: %v", sql, err)
		}
		_, err = w.pool.Exec(t.Context(), "DELETE FROM tokenstate.act; INSERT INTO tokenstate.act SELECT * FROM saved; UPDATE tokenstate.act_head SET n = head.n, hash = head.hash FROM head; DROP TABLE saved, head")
		must(t, err)
		must(t, check())
	}
}

// failingActs is a database that may be away.
type failingActs struct {
	away    bool
	written int
}

func (f *failingActs) WriteActs(_ context.Context, acts []audit.Act) error {
	if f.away {
		return errAway
	}
	f.written += len(acts)
	return nil
}

// Ensure acts are held while the database is away, up to a bound, and what is lost is counted.
func TestAudit_DatabaseAway(t *testing.T) {
	w := newWorld(t)
	f := &failingActs{away: true}
	w.server.Door.Trail = audit.NewTrail(f)
	act := func() { w.ask(http.MethodDelete, "/v1/orgs/o/members/u", nil, "X-Service-API-Key", w.service) }
	act()
	for range 9_999 {
		w.server.Door.Trail.Add(audit.Act{Action: "another"}, false)
	}
	act() // one too many
	w.server.Flush(t.Context())
	w.server.Flush(t.Context())
	if !strings.Contains(w.log.String(), "acts are missing") || strings.Count(w.log.String(), "it is held") != 1 {
		t.Error("the loss, and once that the audit is not written, is not said")
	}
	f.away = false
	w.server.Flush(t.Context())
	if !strings.Contains(w.log.String(), "the audit is written again") {
		t.Error("the end of the fault is not said")
	}
	if f.written != 10_000 {
		t.Errorf("%d acts were held", f.written)
	}
}

// Ensure the program writes what it holds while it runs, at once after an act that changes
// something.
func TestRunWritesBehind(t *testing.T) {
	w := newWorld(t)
	written := make(chan audit.Act, 10)
	w.server.Door.Trail = audit.NewTrail(actsTo(written))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.server.Run(ctx) }()
	w.create(map[string]any{"name": "n"})
	select {
	case a := <-written:
		if a.Status != http.StatusCreated {
			t.Errorf("%+v", a)
		}
	case <-time.After(time.Minute):
		t.Error("nothing was written")
	}
	cancel()
	must(t, <-done)
}

type actsTo chan<- audit.Act

func (c actsTo) WriteActs(_ context.Context, acts []audit.Act) error {
	for _, a := range acts {
		c <- a
	}
	return nil
}
