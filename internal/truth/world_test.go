//go:build truth

package truth

import (
	"context"
	"fmt"
	"math/rand"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

// world is the realm of the stack, its people, and the tokens that some backend holds.
type world struct {
	t        *testing.T
	ctx      context.Context
	rnd      *rand.Rand
	keycloak *play.Keycloak
	backend  *play.Backend
	uuid     map[string]string // client_id → UUID
	people   []*person
	held     []*held
	last     time.Time // of the last action
	settled  time.Duration
	patient  bool // authapi may be away for a while

	mu      sync.Mutex
	session *devstack.AdminSession
	until   time.Time
}

// person is a user, and what has happened to them.
type person struct {
	name, id string
	browser  *play.Browser
	gone     bool
	story    []string
}

// held is one generation of a token.
type held struct {
	play.Tokens
	play.Claims
	owner *person
	born  int // the length of the owner's story by then
}

func (p *person) tell(format string, args ...any) {
	p.story = append(p.story, time.Now().UTC().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

func newWorld(t *testing.T, seed int64, people int) *world {
	t.Helper()
	e, err := devstack.EnvFromProcess()
	if err != nil || e.AuthapiURL == "" {
		t.Fatalf("this test needs the whole system: run `make truth` (%v)", err)
	}
	return worldOn(t, e, seed, people)
}

func worldOn(t *testing.T, e devstack.Env, seed int64, people int) *world {
	t.Helper()
	w := &world{
		settled: settled,
		t:       t, ctx: t.Context(), rnd: rand.New(rand.NewSource(seed)), //nolint:gosec // a choice that can be repeated
		keycloak: play.KeycloakOf(e), backend: play.BackendOf(e), uuid: map[string]string{},
	}
	for _, client := range []string{"app", "app2"} {
		var found []struct{ ID string }
		w.must(w.call(http.MethodGet, "/clients?clientId="+client, nil, &found))
		w.uuid[client] = found[0].ID
	}
	w.must(w.enter(people))
	return w
}

// enter makes people.
func (w *world) enter(people int) error {
	tag := strings.ToLower(fmt.Sprintf("%x", time.Now().UnixMilli()))
	for n := range people {
		p := &person{name: fmt.Sprintf("user-%s-%d", tag, n), browser: w.keycloak.NewBrowser()}
		if err := w.make(p); err != nil {
			return err
		}
		w.people = append(w.people, p)
	}
	return nil
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) make(p *person) error {
	s, err := w.admin()
	if err == nil {
		p.id, err = s.Call(w.ctx, http.MethodPost, "/"+w.keycloak.Realm+"/users", play.Account(p.name), nil)
	}
	return err
}

// call is the administrator's. What is not there any more is no fault of an action.
func (w *world) call(method, path string, body, out any) error {
	s, err := w.admin()
	if err == nil {
		_, err = s.Call(w.ctx, method, "/"+w.keycloak.Realm+path, body, out)
	}
	if status, ok := err.(*devstack.StatusError); ok && status.Code == http.StatusNotFound { //nolint:errorlint // as it comes
		return nil
	}
	return err
}

func (w *world) admin() (*devstack.AdminSession, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Now().Before(w.until) {
		return w.session, nil
	}
	s, err := w.keycloak.Admin.Session(w.ctx)
	if err == nil {
		w.session, w.until = s, time.Now().Add(30*time.Second)
	}
	return s, err
}

// hold stores a new offline token. Tokens of authapi's own client are sealed there, those of
// the other are tracked: a backend keeps them.
func (w *world) hold(p *person, t play.Tokens) error {
	c, err := t.Claims()
	if err != nil {
		return err
	}
	if c.User == "" {
		c.User = p.id
	}
	a, err := w.store(t, c)
	for end := time.Now().Add(patience); w.patient && (err != nil || a.Status >= 500) && time.Now().Before(end); {
		play.Pause(w.ctx, 100*time.Millisecond)
		a, err = w.store(t, c)
	}
	if err != nil || a.Status/100 != 2 {
		return fmt.Errorf("store: %d %v %w", a.Status, a.Body, err)
	}
	w.held = append(w.held, &held{t, c, p, len(p.story)})
	p.tell("holds %s %s iat %d", t.Client, short(c.Session), c.IssuedAt)
	return nil
}

// patience is how long authapi may be away.
const patience = time.Minute

func (w *world) store(t play.Tokens, c play.Claims) (play.Answer, error) {
	if t.Client == "app" {
		return w.backend.Store(w.ctx, t)
	}
	return w.backend.Call(w.ctx, http.MethodPut, "/v1/offline-tokens", "", map[string]any{
		"user_id": c.User, "client_id": t.Client, "session_id": c.Session, "issued_at": c.IssuedAt,
	})
}

func short(session string) string { return fmt.Sprintf("%.6s", session) }
