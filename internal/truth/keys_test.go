//go:build truth

package truth

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// mint gives a person a system key. Whatever happens to tokens must not touch it; whatever
// happens to the person must.
func (w *world) mint(p *person) error {
	a, err := w.backend.Mint(w.ctx, p.id, "org", "truth")
	if p.key = a.Text("key"); err == nil && p.key == "" {
		err = fmt.Errorf("%w: %d %v", errNoKey, a.Status, a.Body)
	}
	return err
}

// errNoKey: authapi makes no key now, since the realm is disabled, say.
var errNoKey = errors.New("no key")

// joined remembers the owner of a key who has no steps of their own.
func (w *world) joined(p *person) {
	w.mu.Lock()
	w.others = append(w.others, p)
	w.mu.Unlock()
}

// compareKeys holds what authapi says of each owner's key to what Keycloak says of the owner: it is good while they
// exist, are enabled, and have not been deleted since. Those of earlier rounds are gone, and their keys stay dead.
func (w *world) compareKeys() (agree int) {
	w.t.Helper()
	var realm struct{ Enabled bool }
	w.must(w.call(http.MethodGet, "", nil, &realm))
	owners := slices.Concat(w.people, w.others, w.former)
	for i, active := range w.activeKeys(owners) {
		p, good := owners[i], false
		if i < len(owners)-len(w.former) {
			var user struct{ Enabled bool }
			w.must(w.call(http.MethodGet, "/users/"+p.id, nil, &user)) // not enabled, if there is none
			good = realm.Enabled && user.Enabled && !p.reborn
		}
		if active == good {
			agree++
		} else {
			w.t.Errorf("a key is good: %t, authapi says active: %t\nuser %s:\n  %s", good, active, p.id, w.told(p))
		}
	}
	return agree
}

// activeKeys asks authapi about the owners' keys.
func (w *world) activeKeys(owners []*person) (active []bool) {
	w.t.Helper()
	for some := range slices.Chunk(owners, 1000) {
		var items []map[string]string
		for _, p := range some {
			items = append(items, map[string]string{"api_key": p.key})
		}
		a, err := w.backend.Call(w.ctx, http.MethodPost, "/v1/decide", "", map[string]any{"items": items})
		w.must(err)
		answers, _ := a.Body["items"].([]any)
		if len(answers) != len(items) {
			w.t.Fatalf("%d answers about %d keys: %d", len(answers), len(items), a.Status)
		}
		for _, answer := range answers {
			is, _ := answer.(map[string]any)
			active = append(active, is["active"] == true)
		}
	}
	return active
}
