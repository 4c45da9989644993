//go:build truth

package truth

import (
	"fmt"
	"net/http"
)

// mint gives a person a system key. Whatever happens to tokens must not touch it; whatever
// happens to the person must.
func (w *world) mint(p *person) error {
	a, err := w.backend.Mint(w.ctx, p.id, "org", "truth")
	if p.key = a.Text("key"); err == nil && p.key == "" {
		err = fmt.Errorf("no key: %d %v", a.Status, a.Body)
	}
	return err
}

// compareKeys holds what authapi says of each person's key to what Keycloak says of the person: it
// is good while they exist, are enabled, and have not been deleted since.
func (w *world) compareKeys() (agree int) {
	w.t.Helper()
	if len(w.people) == 0 {
		return 0
	}
	var items []map[string]string
	for _, p := range w.people {
		items = append(items, map[string]string{"api_key": p.key})
	}
	a, err := w.backend.Call(w.ctx, http.MethodPost, "/v1/decide", "", map[string]any{"items": items})
	w.must(err)
	answers, _ := a.Body["items"].([]any)
	if len(answers) != len(items) {
		w.t.Fatalf("%d answers about %d keys: %d", len(answers), len(items), a.Status)
	}
	for i, p := range w.people {
		var user struct{ Enabled bool }
		w.must(w.call(http.MethodGet, "/users/"+p.id, nil, &user)) // not enabled, if there is none
		answer, _ := answers[i].(map[string]any)
		if good := user.Enabled && !p.reborn; answer["active"] == good {
			agree++
		} else {
			w.t.Errorf("a key is good: %t, authapi says %v\nuser %s:\n  %s", good, answer, p.id, w.told(p))
		}
	}
	return agree
}
