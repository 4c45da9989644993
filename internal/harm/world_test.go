//go:build harm

package harm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/play"
)

// TestMain is also the NATS server: devstack starts it as another process of this program.
func TestMain(m *testing.M) {
	devstack.AsNATS()
	os.Exit(m.Run())
}

// world is one Keycloak with two realms of the same shape: one that our listener hears and our
// worker looks at, and one of which they know nothing.
type world struct {
	t       *testing.T
	ctx     context.Context
	stack   *devstack.Stack
	backend *play.Backend
	with    *side
	without *side

	jar      devstack.Jar
	answered bool // the jar's resource did, so that the worker uses it
}

// side is one of the two realms.
type side struct {
	*play.Keycloak
	heard bool
	app   string // UUID of the client app
	last  atomic.Int64

	mu    sync.Mutex
	admin *devstack.AdminSession
	until time.Time
	now   map[string]bool // ids of the users whose tokens are being ended
}

// unheard is the realm that the listener's option realms leaves out.
const unheard = "unheard"

// start starts a Keycloak on Postgres, and tokenstate. HARM_LISTENER=none starts it without our
// jar: what is different then is the doing of the worker's looks over the admin REST API.
// HARM_WORKER=off stops the worker: what is different then is the doing of the listener.
func start(t *testing.T, log string) *world {
	t.Helper()
	t.Setenv("DATABASE_URL", "") // a stack of its own
	root, err := filepath.Abs("../..")
	must(t, err)
	jar, err := devstack.JarOf("HARM_LISTENER")
	must(t, err)
	s, err := devstack.Start(t.Context(), devstack.Options{
		Root: root, Logs: filepath.Join(root, ".dev", "log", log), Progress: os.Stderr, Throwaway: true,
		OnPostgres: true, Measured: true, Realms: "demo", Jar: jar,
	})
	must(t, err)
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	must(t, s.Admin().NewRealm(t.Context(), unheard))
	other := s.Env
	other.KeycloakRealm = unheard
	w := &world{t: t, ctx: t.Context(), jar: jar, stack: s, backend: play.BackendOf(s.Env), with: sideOf(s.Env, true), without: sideOf(other, false)}
	for _, r := range w.sides() {
		var found []struct{ ID string }
		must(t, r.call(w.ctx, http.MethodGet, "/clients?clientId=app", nil, &found))
		r.app = found[0].ID
	}
	reader, err := w.reader()
	must(t, err)
	_, err = reader.Resource().About(t.Context())
	if w.answered = err == nil; err != nil && !keycloak.NotOffered(err) {
		t.Fatal(err)
	}
	if os.Getenv("HARM_WORKER") == "off" {
		must(t, s.Kill("worker", syscall.SIGTERM))
	}
	return w
}

func sideOf(e devstack.Env, heard bool) *side {
	return &side{Keycloak: play.KeycloakOf(e), heard: heard, now: map[string]bool{}}
}

func (w *world) sides() []*side { return []*side{w.with, w.without} }

// both does the same in both realms, side by side.
func (w *world) both(do func(*side) error) error {
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for i, r := range w.sides() {
		wg.Go(func() { errs[i] = do(r) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// call is the administrator's, to a path below the realm. Its session is kept for half of its life.
func (r *side) call(ctx context.Context, method, path string, body, out any) error {
	_, err := r.create(ctx, method, path, body, out)
	return err
}

func (r *side) create(ctx context.Context, method, path string, body, out any) (id string, err error) {
	s, err := r.session(ctx)
	if err != nil {
		return "", err
	}
	return s.Call(ctx, method, "/"+r.Realm+path, body, out)
}

func (r *side) session(ctx context.Context) (*devstack.AdminSession, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Now().Before(r.until) {
		return r.admin, nil
	}
	s, err := r.Admin.Session(ctx)
	if err == nil {
		r.admin, r.until = s, time.Now().Add(30*time.Second)
	}
	return s, err
}

// user makes a user whose name no other has had.
func (r *side) user(ctx context.Context) (id, name string, err error) {
	name = fmt.Sprintf("user%d", r.last.Add(1))
	id, err = r.create(ctx, http.MethodPost, "/users", play.Account(name), nil)
	return id, name, err
}

// end logs a session out, again if Keycloak fails: what it did by then, the second answer tells.
func (r *side) end(ctx context.Context, t play.Tokens) (err error) {
	unwell := false
	for range 5 {
		err = r.Logout(ctx, t)
		refused, ok := errors.AsType[*play.RefusedError](err)
		if err == nil || ok && refused.Status == http.StatusBadRequest && unwell {
			return nil
		}
		unwell = unwell || ok && refused.Status >= http.StatusInternalServerError
		play.Pause(ctx, 50*time.Millisecond)
	}
	return err
}

// lives asks Keycloak for a refresh. An answer other than yes or no is an error.
func (r *side) lives(ctx context.Context, t play.Tokens) (bool, error) {
	_, err := r.Refresh(ctx, t)
	if refused, ok := errors.AsType[*play.RefusedError](err); ok && refused.Status == http.StatusBadRequest {
		return false, nil
	}
	return err == nil, err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n >= 0 {
		return n
	}
	return otherwise
}

// isRefusal tells an answer of Keycloak's from a failure to get one.
func isRefusal(err error) bool {
	_, ok := errors.AsType[*play.RefusedError](err)
	return ok
}
