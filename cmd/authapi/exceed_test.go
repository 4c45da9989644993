package main

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
)

// Ensure no credential makes or rotates a key that may do what the credential may not: its secret is
// shown to who makes it.
func TestNoKeyExceedsItsMaker(t *testing.T) {
	w := newWorld(t)
	without := slices.DeleteFunc(gate.Scopes(), func(s string) bool { return s == gate.ScopeTokensUse })
	rights := []struct {
		name         string
		scopes, orgs []string
		plain, token int // the answers to a key without and with access-token
	}{
		{"everything", gate.Scopes(), nil, http.StatusCreated, http.StatusCreated},
		{"the two", []string{gate.ScopeKeys, gate.ScopeTokensUse}, nil, http.StatusCreated, http.StatusCreated},
		{"all but tokens:use", without, nil, http.StatusCreated, http.StatusForbidden},
		{"one organization", gate.Scopes(), []string{"o"}, http.StatusCreated, http.StatusForbidden},
		{"one organization, keys", []string{gate.ScopeKeys}, []string{"o"}, http.StatusCreated, http.StatusForbidden},
	}
	for _, scope := range gate.Scopes() {
		want := http.StatusForbidden
		if scope == gate.ScopeKeys {
			want = http.StatusCreated
		}
		rights = append(rights, struct {
			name         string
			scopes, orgs []string
			plain, token int
		}{"only " + scope, []string{scope}, nil, want, http.StatusForbidden})
	}
	n := 0
	made := func(cred string, scopes ...string) reply {
		n++
		return w.ask(http.MethodPost, userKeys, map[string]any{"name": fmt.Sprintf("k%d", n), "org_id": "o", "scopes": scopes}, "X-Service-API-Key", cred)
	}
	for _, r := range rights {
		cred := w.credential(r.name, "demo", r.scopes, r.orgs)
		made(cred).want(t, r.plain)
		made(cred, "access-token").want(t, r.token)
		for _, c := range []struct {
			scopes []string
			want   int
		}{{nil, r.plain}, {[]string{"access-token"}, r.token}} {
			old := made(w.service, c.scopes...).want(t, http.StatusCreated)
			w.ask(http.MethodPost, userKeys+"/"+old.text("id")+"/rotate?wait_ms=5000", nil, "X-Service-API-Key", cred).want(t, c.want)
		}
	}
}
