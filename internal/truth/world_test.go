//go:build truth

package truth

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

// world is the realm of the stack, its people, and the tokens that some backend holds. Each
// actor has a view with a source of chance of its own; the rest is shared.
type world struct {
	*shared
	rnd      *rand.Rand
	keycloak *play.Keycloak // the node that this actor speaks to
}

type shared struct {
	t         *testing.T
	ctx       context.Context
	stack     *devstack.Stack
	nodes     []*play.Keycloak
	backend   *play.Backend     // nil: nobody stores tokens
	uuid      map[string]string // client_id → UUID
	people    []*person
	everybody *person // its story is of what concerned all
	settled   time.Duration
	patient   bool // parts may be away for a while
	jar       devstack.Jar
	directory *store
	rotates   bool      // the realm's refresh tokens are good once
	older     int       // tokens that were not compared for that
	others    []*person // owners of keys to whom nothing happens but what their token's story does
	former    []*person // of earlier rounds, and deleted

	mu     sync.Mutex
	held   []*held
	last   time.Time                // of the last action
	admins map[*play.Keycloak]login // an administrator's token is of one node
	making sync.Mutex
	pairs  bool           // there is a client with pairwise subjects; guarded by making
	group  string         // whose members have offline_access; guarded by making
	counts map[string]int // of actions by name
	left   []func() error // give back what actions have left as it was not
	keys   int            // whose answer agreed with Keycloak
}

// person is a user, and what has happened to them.
type person struct {
	name, id string
	browser  *play.Browser
	key      string
	folder   string // of the directory that they come from
	client   string // UUID of the client whose service account this is
	gone     bool
	reborn   bool // deleted, and imported again under the same id
	lane     []step
	story    []string
}

// held is one generation of a token.
type held struct {
	play.Tokens
	play.Claims
	owner *person
	late  bool // not stored yet: a backend that learns of it later
	taken bool // authapi has it

	unlisted bool // Keycloak has refreshed it, and does not list its session; see beside
}

// client is the client_id that the token names. It is not always the one that asked: Keycloak
// issues for app2-renamed what app2 asked for while an administrator renamed it back.
func (h *held) client() string {
	if h.Party != "" {
		return h.Party
	}
	return h.Client
}

func (p *person) tell(format string, args ...any) {
	p.story = append(p.story, time.Now().UTC().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// login is an administrator's session, and until when it is good.
type login struct {
	session *devstack.AdminSession
	until   time.Time
}

// start starts a stack of the test's own, since its parts may be killed.
func start(t *testing.T, opts devstack.Options, log string) *world {
	t.Helper()
	t.Setenv("DATABASE_URL", "")
	t.Setenv(devstack.OwnerSweepVariable, "2s")
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if opts, err = onNodes(opts); err != nil {
		t.Fatal(err)
	}
	opts.Root, opts.Logs, opts.Progress = root, filepath.Join(root, ".dev", "log", log), os.Stderr
	s, err := devstack.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	nodes := play.NodesOf(s.Env)
	w := &world{keycloak: nodes[0], shared: &shared{
		t: t, ctx: t.Context(), stack: s, settled: settledOn(nodes), everybody: &person{name: "everybody"}, admins: map[*play.Keycloak]login{},
		nodes: nodes, backend: play.BackendOf(s.Env), uuid: map[string]string{}, counts: map[string]int{},
	}}
	w.must(w.know())
	return w
}

// know learns the UUIDs of the clients.
func (w *world) know() error {
	for _, client := range []string{"app", "app2"} {
		var found []struct{ ID string }
		if err := w.call(http.MethodGet, "/clients?clientId="+client, nil, &found); err != nil {
			return err
		}
		if len(found) != 1 {
			return fmt.Errorf("%d clients are called %s, want one", len(found), client)
		}
		w.uuid[client] = found[0].ID
	}
	return nil
}

// by is the world as an actor with this seed sees it.
func (w *world) by(seed int64) *world {
	rnd := rand.New(rand.NewSource(seed))
	return &world{w.shared, rnd, w.nodes[rnd.Intn(len(w.nodes))]}
}

// enter makes people.
func (w *world) enter(n int) error {
	tag := fmt.Sprintf("%x", time.Now().UnixMilli())
	for i := range n {
		p := &person{name: fmt.Sprintf("user-%s-%d", tag, i), browser: w.keycloak.NewBrowser()}
		if err := errors.Join(w.make(p), w.mint(p)); err != nil {
			return err
		}
		w.people = append(w.people, p)
	}
	return w.enterStored(tag, (n+7)/8)
}

// forget drops the people and tokens of a round, here and there: what concerns everybody is
// settled in time for as many people as a round has (docs/truth.md).
func (w *world) forget() {
	w.t.Helper()
	for _, p := range slices.Concat(w.people, w.others) {
		w.must(w.call(http.MethodDelete, "/users/"+p.id, nil, nil))
		if p.client != "" {
			w.must(w.call(http.MethodDelete, "/clients/"+p.client, nil, nil))
		}
		w.former = append(w.former, p)
	}
	for _, h := range w.held {
		_, err := w.backend.Call(w.ctx, http.MethodDelete, "/v1/users/"+h.User+"/offline-tokens/"+h.Session, "", nil)
		w.must(err)
	}
	w.held, w.people, w.others, w.everybody.story = nil, nil, nil, nil
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
		p.id, err = s.Call(w.ctx, http.MethodPost, w.realmPath()+"/users", play.Account(p.name), nil)
	}
	return err
}

func (w *world) realmPath() string { return "/" + url.PathEscape(w.keycloak.Realm) }

// call is the administrator's. What is not there any more is no fault of an action.
func (w *world) call(method, path string, body, out any) error {
	s, err := w.admin()
	if err == nil {
		_, err = s.Call(w.ctx, method, w.realmPath()+path, body, out)
	}
	if status, ok := errors.AsType[*devstack.StatusError](err); ok && status.Code == http.StatusNotFound {
		return nil
	}
	return err
}

func (w *world) admin() (*devstack.AdminSession, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.admins[w.keycloak]
	if time.Now().Before(a.until) {
		return a.session, nil
	}
	s, err := w.keycloak.Admin.Session(w.ctx)
	if err == nil {
		w.admins[w.keycloak] = login{s, time.Now().Add(30 * time.Second)}
	}
	return s, err
}

// hold stores a new offline token, or puts that off: a backend may learn of one when it is dead.
func (w *world) hold(p *person, t play.Tokens) error {
	c, err := t.Claims()
	if err != nil {
		return err
	}
	if c.User == "" {
		c.User = p.id
	}
	h := &held{Tokens: t, Claims: c, owner: p, late: w.rnd.Intn(8) == 0}
	if h.late = h.late && w.backend != nil; !h.late && w.backend != nil {
		if err := w.store(h); err != nil {
			return err
		}
		h.late = !h.taken // it may have been closed for a moment only: a backend tries again
	}
	w.mu.Lock()
	w.held = append(w.held, h)
	w.mu.Unlock()
	p.tell("holds %s %s iat %d (stored late: %t)", t.Client, short(c.Session), c.IssuedAt, h.late)
	return nil
}

// patience is how long a part may be away.
const patience = time.Minute

// store gives tokens of authapi's own client into its custody; those of the other are tracked:
// a backend keeps them. What authapi finds dead already, or cannot verify while it holds an older one
// of the session that it has verified (its client is disabled, say), it does not take, and says "unknown".
func (w *world) store(h *held) (err error) {
	for end := time.Now().Add(patience); ; play.Pause(w.ctx, 100*time.Millisecond) {
		var a play.Answer
		if h.Client == "app" {
			a, err = w.backend.Store(w.ctx, h.Tokens)
		} else {
			a, err = w.backend.Call(w.ctx, http.MethodPut, "/v1/offline-tokens", "", map[string]any{
				"user_id": h.User, "client_id": h.client(), "session_id": h.Session, "issued_at": h.IssuedAt,
			})
		}
		unverified := a.Status == http.StatusServiceUnavailable && a.Text("reason") == "identity_provider_unavailable"
		if err == nil && (a.Status/100 == 2 || a.Status == http.StatusUnprocessableEntity || unverified) {
			h.taken = a.Status/100 == 2
			return nil
		}
		if !w.patient || time.Now().After(end) {
			return fmt.Errorf("store: %d %v %w", a.Status, a.Body, err)
		}
	}
}

// late stores what was put off.
func (w *world) late() {
	w.t.Helper()
	for _, h := range w.held {
		if h.late {
			w.must(w.store(h))
			w.last = time.Now()
		}
	}
}

// pick is one of a person's tokens, nil if they hold none.
func (w *world) pick(p *person) *held {
	w.mu.Lock()
	defer w.mu.Unlock()
	own := slices.DeleteFunc(slices.Clone(w.held), func(h *held) bool { return h.owner != p })
	if len(own) == 0 {
		return nil
	}
	return own[w.rnd.Intn(len(own))]
}

func short(session string) string { return fmt.Sprintf("%.6s", session) }

// told is the story of a person, and of what concerned everybody, in order.
func (w *world) told(p *person) string {
	story := append(slices.Clone(p.story), w.everybody.story...)
	slices.Sort(story) // each line begins with its time
	return strings.Join(story, "\n  ")
}
