//go:build truth

package truth

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

// outlived is how long a key may live on in this test, on devstack's settings; docs/operations.md has a deployment's.
const outlived = time.Minute

// vanishing is a way for a user to go.
type vanishing struct {
	way string
	do  func(w *world, p *person) error
	// all removes every person at once; the world is of no use afterwards.
	all func(w *world) error
	// stored people are of the directory.
	stored bool
}

var vanishings = []vanishing{
	{way: "deleted by an administrator", do: func(w *world, p *person) error { return w.call(http.MethodDelete, "/users/"+p.id, nil, nil) }},
	{way: "own account deleted in the account console", do: func(w *world, p *person) error {
		if err := w.mayDeleteThemselves(p); err != nil {
			return err
		}
		_, err := w.keycloak.NewBrowser().Authorize(w.ctx, "app", "", url.Values{"kc_action": {"delete_account"}},
			play.LoginForm(p.name), play.Form{Page: `id="kc-deleteaccount-form"`, Values: url.Values{}})
		return dead(err)
	}},
	{way: "deleted by a workflow", do: func(w *world, p *person) error {
		s, err := w.admin()
		if err != nil {
			return err
		}
		id, err := s.Call(w.ctx, http.MethodPost, w.realmPath()+"/workflows",
			map[string]any{"name": "w-" + uuid.NewString(), "steps": []any{map[string]any{"uses": "delete-user"}}}, nil)
		if err != nil {
			return err
		}
		return w.call(http.MethodPost, "/workflows/"+id+"/activate/USERS/"+p.id, nil, nil)
	}},
	{way: "overwritten by a partial import, under a new id", do: func(w *world, p *person) error {
		account := play.Account(p.name)
		account["id"] = uuid.NewString()
		return w.call(http.MethodPost, "/partialImport", map[string]any{"ifResourceExists": "OVERWRITE", "users": []any{account}}, nil)
	}},
	{way: "the entry left the directory, and Keycloak notices", stored: true, do: func(w *world, p *person) error {
		if err := w.directory.Remove(w.ctx, p.folder, p.name); err != nil {
			return err
		}
		return w.noticed(p)
	}},
	{way: "all imported users of a store removed", stored: true, all: func(w *world) error { return emptied(w, nil, nil, "") }},
	{way: "the realm removed", all: func(w *world) error { return w.keycloak.Admin.DeleteRealm(w.ctx, w.keycloak.Realm) }},
}

// Ensure a key does not outlive its user, whichever way the user goes, and print for how long it does: from Keycloak's
// answer to whoever removed them until the key's 401.
func TestVanishing(t *testing.T) {
	n := int(number("TRUTH_VANISH", 20))
	w := start(t, devstack.Options{Realm: realmOf(1)}, "vanish").by(1)
	w.openStore()
	for _, v := range vanishings {
		if v.stored && w.directory == nil {
			continue
		}
		took := w.vanish(v, w.vanishers(n, v.stored))
		slices.Sort(took)
		fmt.Printf("%s: n=%d median=%v greatest=%v\n", v.way, len(took), //nolint:forbidigo // what the test prints
			took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
	}
}

// vanish gives for how long each key lived on.
func (w *world) vanish(v vanishing, people []*person) (took []time.Duration) {
	w.t.Helper()
	gone := time.Now()
	if v.all != nil {
		w.must(v.all(w))
		gone = time.Now()
	}
	for _, p := range people {
		if v.do != nil {
			w.must(v.do(w, p))
			gone = time.Now()
		}
		took = append(took, w.until401(p, gone))
	}
	return took
}

// vanishers are new people with a key each, which authapi admits.
func (w *world) vanishers(n int, stored bool) []*person {
	w.t.Helper()
	w.people = nil
	tag := fmt.Sprintf("%x", time.Now().UnixNano())
	if stored {
		w.must(w.enterStored(tag, n))
	}
	for i := len(w.people); i < n; i++ {
		p := &person{name: fmt.Sprintf("vanish-%s-%d", tag, i)}
		w.must(w.make(p))
		w.must(w.mint(p))
		w.people = append(w.people, p)
	}
	for _, p := range w.people {
		a, err := w.backend.Me(w.ctx, p.key)
		w.must(err)
		if a.Status != http.StatusOK {
			w.t.Fatalf("a new key: %d %v", a.Status, a.Body)
		}
	}
	return w.people
}

// until401 waits for the death of a key, from an instant on.
func (w *world) until401(p *person, gone time.Time) time.Duration {
	w.t.Helper()
	for time.Since(gone) < outlived && w.ctx.Err() == nil {
		a, err := w.backend.Me(w.ctx, p.key)
		w.must(err)
		if a.Status == http.StatusUnauthorized {
			return time.Since(gone)
		}
		play.Pause(w.ctx, 2*time.Millisecond)
	}
	w.t.Errorf("the key of %s lives after %v", p.name, outlived)
	return outlived
}
