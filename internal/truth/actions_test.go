//go:build truth

package truth

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// action is one thing that somebody may do to a person p, their token h (nil if they hold
// none) or a client.
type action struct {
	name   string
	weight int
	do     func(w *world, p *person, h *held, client string) error
}

// ofOne are what happens to one person.
var ofOne = []action{
	{"login by grant", 12, func(w *world, p *person, _ *held, client string) error {
		t, err := w.keycloak.Grant(w.ctx, client, p.name, play.Offline)
		return w.born(p, t, err)
	}},
	{"login by browser, SSO if there is a session", 8, func(w *world, p *person, _ *held, client string) error {
		t, err := p.browser.Login(w.ctx, client, p.name, play.Offline)
		return w.born(p, t, err)
	}},
	{"online page first, then both clients offline by one browser: one sid", 4, func(w *world, p *person, _ *held, client string) error {
		b := w.keycloak.NewBrowser()
		p.browser = b
		if _, err := b.Login(w.ctx, client, p.name, ""); err != nil {
			return dead(err)
		}
		one, err := b.Login(w.ctx, "app", p.name, play.Offline)
		if err = w.born(p, one, err); err != nil {
			return err
		}
		two, err := b.Login(w.ctx, "app2", p.name, play.Offline)
		return w.born(p, two, err)
	}},
	{"browser logout", 4, func(w *world, p *person, _ *held, client string) error {
		t, err := p.browser.Login(w.ctx, client, p.name, "")
		if err != nil {
			return w.born(p, t, err)
		}
		return dead(p.browser.Logout(w.ctx, t))
	}},
	{"logout with an online refresh token", 3, func(w *world, p *person, _ *held, client string) error {
		t, err := w.keycloak.Grant(w.ctx, client, p.name, "")
		if err != nil {
			return w.born(p, t, err)
		}
		return dead(w.keycloak.Logout(w.ctx, t)) // refused, too, if its client was renamed meanwhile
	}},
	{"an online refresh token of the browser's session revoked", 3, func(w *world, p *person, _ *held, client string) error {
		t, err := p.browser.Login(w.ctx, client, p.name, "")
		if err != nil {
			return w.born(p, t, err)
		}
		return dead(w.keycloak.Revoke(w.ctx, t))
	}},
	{"refresh", 8, onToken(func(w *world, p *person, h *held) error {
		t, err := w.keycloak.Refresh(w.ctx, h.Tokens)
		return w.born(p, t, err)
	})},
	{"logout with the offline token", 6, onToken(func(w *world, _ *person, h *held) error { return w.keycloak.Logout(w.ctx, h.Tokens) })},
	{"revoke the offline token", 6, onToken(func(w *world, _ *person, h *held) error { return w.keycloak.Revoke(w.ctx, h.Tokens) })},
	{"ended, and by the same browser again: the same sid", 6, again},
	{"users/{id}/logout", 3, func(w *world, p *person, _ *held, _ string) error {
		return w.call(http.MethodPost, "/users/"+p.id+"/logout", map[string]any{}, nil)
	}},
	{"consent removed", 3, func(w *world, p *person, _ *held, client string) error {
		return w.call(http.MethodDelete, "/users/"+p.id+"/consents/"+client, nil, nil)
	}},
	{"admin deletes the offline session", 4, onToken(func(w *world, _ *person, h *held) error {
		return w.call(http.MethodDelete, "/sessions/"+h.Session+"?isOffline=true", nil, nil)
	})},
	{"admin deletes the online session", 2, onToken(func(w *world, _ *person, h *held) error {
		return w.call(http.MethodDelete, "/sessions/"+h.Session, nil, nil)
	})},
	{"user disabled or enabled", 6, func(w *world, p *person, _ *held, _ string) error {
		return w.call(http.MethodPut, "/users/"+p.id, map[string]any{"enabled": w.rnd.Intn(5) > 1}, nil)
	}},
	{"offline_access taken or given back", 3, func(w *world, p *person, _ *held, _ string) error { return w.offlineRole(p, w.rnd.Intn(2) == 0) }},
	{"user deleted, perhaps imported again", 2, func(w *world, p *person, _ *held, _ string) error {
		if p.gone {
			return nil
		}
		p.gone = true
		if err := w.call(http.MethodDelete, "/users/"+p.id, nil, nil); err != nil || w.rnd.Intn(2) == 0 {
			return err
		}
		p.gone = false
		p.browser, p.reborn = w.keycloak.NewBrowser(), true
		return w.keycloak.Import(w.ctx, p.name, p.id)
	}},
}

// ofAll are what happens to everybody in a realm, or with one client.
var ofAll = []action{
	{"everybody imported from the directory removed", 1, emptied},
	{"client not-before", 2, func(w *world, _ *person, _ *held, client string) error {
		return w.client(client, map[string]any{"notBefore": w.sometimes(time.Now().Unix() - int64(w.rnd.Intn(3)))})
	}},
	{"client disabled or enabled", 1, func(w *world, _ *person, _ *held, client string) error {
		return w.client(client, map[string]any{"enabled": w.rnd.Intn(3) > 0})
	}},
	{"realm not-before", 1, func(w *world, _ *person, _ *held, _ string) error {
		return w.call(http.MethodPut, "", map[string]any{"notBefore": w.sometimes(time.Now().Unix() - 2)}, nil)
	}},
	{"realm logout-all", 1, func(w *world, _ *person, _ *held, _ string) error {
		return w.call(http.MethodPost, "/logout-all", map[string]any{}, nil)
	}},
	{"realm disabled and enabled", 1, func(w *world, _ *person, _ *held, _ string) error {
		return w.orLeft(
			func() error { return w.call(http.MethodPut, "", map[string]any{"enabled": false}, nil) },
			func() error { return w.call(http.MethodPut, "", map[string]any{"enabled": true}, nil) })
	}},
}

// again ends an offline session and makes it anew under the same sid, at once or when the old
// token is older than the new session. (The online page keeps the browser's session alive.)
func again(w *world, p *person, _ *held, client string) error {
	b := w.keycloak.NewBrowser()
	p.browser = b
	if _, err := b.Login(w.ctx, client, p.name, ""); err != nil {
		return dead(err)
	}
	t, err := b.Login(w.ctx, client, p.name, play.Offline)
	if err = w.born(p, t, err); err != nil || t.Refresh == "" {
		return err
	}
	if w.rnd.Intn(2) == 0 {
		err = w.keycloak.Revoke(w.ctx, t)
	} else { // an event that names no session
		err = w.call(http.MethodDelete, "/users/"+p.id+"/consents/"+client, nil, nil)
	}
	if err := dead(err); err != nil {
		return err
	}
	if w.rnd.Intn(3) > 0 {
		play.Pause(w.ctx, 2100*time.Millisecond)
	}
	t, err = b.Login(w.ctx, client, p.name, play.Offline)
	return w.born(p, t, err)
}

func onToken(do func(*world, *person, *held) error) func(*world, *person, *held, string) error {
	return func(w *world, p *person, h *held, _ string) error {
		if h == nil {
			return nil
		}
		return dead(do(w, p, h))
	}
}

// born stores what a login brought; a login that is refused (the user is disabled, say) is an
// action without a token.
func (w *world) born(p *person, t play.Tokens, err error) error {
	if err != nil {
		return dead(err)
	}
	if c, err := t.Claims(); err != nil || c.Type != "Offline" {
		return err // without the role, the scope is not granted
	}
	return w.hold(p, t)
}

func (w *world) sometimes(n int64) int64 {
	if w.rnd.Intn(2) == 0 {
		return 0
	}
	return n
}

func (w *world) client(client string, change map[string]any) error {
	change["clientId"] = client
	return w.call(http.MethodPut, "/clients/"+w.uuid[client], change, nil)
}

// defaultRoles is the name of the role that every new user has, as a path has it.
func (w *world) defaultRoles() string {
	return url.PathEscape("default-roles-" + strings.ToLower(w.keycloak.Realm))
}

// offlineRole takes away or gives back the default roles, which offline_access is one of.
func (w *world) offlineRole(p *person, give bool) error {
	var role map[string]any
	if err := w.call(http.MethodGet, "/roles/"+w.defaultRoles(), nil, &role); err != nil {
		return err
	}
	method := http.MethodDelete
	if give {
		method = http.MethodPost
	}
	return w.call(method, "/users/"+p.id+"/role-mappings/realm", []any{role}, nil)
}
