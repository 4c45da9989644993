//go:build chaos

package chaos

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
)

// standIn answers what our programs ask of Keycloak, from the world.
type standIn struct {
	w *world
	*httptest.Server
}

func newStandIn(t *testing.T, w *world) *standIn {
	t.Helper()
	s := &standIn{w: w}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /realms/{realm}/protocol/openid-connect/token", s.token)
	mux.HandleFunc("GET /realms/{realm}/.well-known/openid-configuration", s.discovery)
	mux.HandleFunc("GET /realms/master/tokenstate/v1/about", s.about)
	mux.HandleFunc("POST /realms/master/tokenstate/v1/look", s.look)
	mux.HandleFunc("GET /realms/master/tokenstate/v1/sessions", s.sessions)
	mux.HandleFunc("GET /realms/master/tokenstate/v1/users", s.users)
	mux.HandleFunc("GET /admin/realms/{realm}/users/{user}", s.user)
	mux.HandleFunc("GET /admin/realms/{realm}/events", none)
	mux.HandleFunc("GET /admin/realms/{realm}/admin-events", none)
	mux.HandleFunc("GET /admin/serverinfo", func(w http.ResponseWriter, _ *http.Request) {
		say(w, 200, map[string]any{"systemInfo": map[string]any{"version": "26.7.3"}})
	})
	mux.HandleFunc("GET /admin/realms/{realm}", func(w http.ResponseWriter, r *http.Request) {
		say(w, 200, map[string]any{"realm": r.PathValue("realm"), "enabled": true, "notBefore": 0})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		say(w, 403, map[string]any{"error": "the stand-in does not answer " + r.URL.Path})
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func say(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func none(w http.ResponseWriter, _ *http.Request) { say(w, 200, []any{}) }

// token: only its iat is read, which is Keycloak's time.
func (s *standIn) token(w http.ResponseWriter, _ *http.Request) {
	payload := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"iat":%d}`, s.w.clock().Second()))
	say(w, 200, map[string]any{"access_token": "a." + payload + ".b", "expires_in": 60})
}

func (s *standIn) discovery(w http.ResponseWriter, r *http.Request) {
	issuer := s.URL + "/realms/" + r.PathValue("realm")
	say(w, 200, map[string]any{"issuer": issuer, "token_endpoint": issuer + "/protocol/openid-connect/token", "jwks_uri": issuer + "/certs"})
}

func (s *standIn) about(w http.ResponseWriter, _ *http.Request) {
	say(w, 200, map[string]any{"version": "1", "api": 1, "node": node, "instance": "i", "server": "26.7.3", "at": s.w.clock()})
}

func (s *standIn) look(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Realm, User, Client string
		ClientID            string `json:"client_id"`
		Sessions            []string
	}
	if json.NewDecoder(r.Body).Decode(&q) != nil || q.Realm != realm {
		say(w, 404, map[string]any{"error": "no-such-realm", "message": "name a realm that is listened to"})
		return
	}
	s.w.mu.Lock()
	at := s.w.now()
	o := s.w.look(q.User)
	if q.Client != "" || q.ClientID != "" {
		o.Clients = []events.ClientLook{theClient()}
	}
	for _, id := range q.Sessions {
		one := events.Roster{Session: id, Complete: true, Sessions: []events.ClientSession{}}
		for _, u := range s.w.users {
			one.Sessions = append(one.Sessions, u.listed(id)...)
		}
		o.Rosters = append(o.Rosters, one)
	}
	s.w.mu.Unlock()
	say(w, 200, map[string]any{"at": at, "node": node, "parts": []any{o}})
}

// sessions and users give all that is there on one page.
func (s *standIn) sessions(w http.ResponseWriter, r *http.Request) {
	s.w.mu.Lock()
	at, rows := s.w.now(), []events.ClientSession{}
	for _, u := range s.w.users {
		rows = append(rows, u.listed("")...)
	}
	s.w.mu.Unlock()
	slices.SortFunc(rows, func(a, b events.ClientSession) int { return strings.Compare(a.Session, b.Session) })
	rows = slices.DeleteFunc(rows, func(x events.ClientSession) bool { return x.Session <= r.FormValue("after") })
	say(w, 200, map[string]any{"at": at, "node": node, "sessions": rows, "next": nil})
}

func (s *standIn) users(w http.ResponseWriter, r *http.Request) {
	at, rows := s.w.clock(), []map[string]any{}
	for _, u := range s.w.all() {
		s.w.mu.Lock()
		if !u.gone && u.id > r.FormValue("after") {
			rows = append(rows, map[string]any{"user": u.id, "enabled": !u.disabled, "offline_access": true, "not_before": 0})
		}
		s.w.mu.Unlock()
	}
	say(w, 200, map[string]any{"at": at, "node": node, "users": rows, "next": nil})
}

// user is the look that authapi takes at the owner of a new key.
func (s *standIn) user(w http.ResponseWriter, r *http.Request) {
	s.w.mu.Lock()
	u := s.w.users[r.PathValue("user")]
	gone := u == nil || u.gone
	enabled := !gone && !u.disabled
	s.w.mu.Unlock()
	if gone {
		say(w, 404, map[string]any{"error": "User not found"})
		return
	}
	say(w, 200, map[string]any{"id": u.id, "username": u.id, "enabled": enabled, "notBefore": 0})
}
