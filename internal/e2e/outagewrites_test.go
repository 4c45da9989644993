package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/tokenstate/tokenstate/internal/play"
)

// writes are the columns that must be in Postgres before they are answered, and the logout, which
// is Keycloak's to do. What is ordered acts at once, NATS or not.
func (s *system) writes(c *cast) []question {
	ctx := s.t.Context()
	call := func(method, path string, body any) play.Answer {
		a, err := s.backend.Call(ctx, method, path, "", body)
		must(s.t, err)
		return a
	}
	// enforced is done where a write is enforced, if only after the call waited for as long as it may: a machine may be busy.
	enforced := func(done int, method, path string, body any) play.Answer {
		a := call(method, path+"?wait_ms=5000", body)
		if version, ok := a.Body["version"].(float64); ok && a.Status == http.StatusAccepted {
			s.reached(int64(version))
			a.Status = done
		}
		return a
	}
	said := func(a play.Answer) string { return strings.TrimSpace(fmt.Sprint(a.Status, " ", a.Text("reason"))) }
	ordered, _ := s.login()
	key := keyOf(s, ordered, "ordered")
	me := func(key string) string {
		a, err := s.backend.Me(ctx, key)
		must(s.t, err)
		return said(a)
	}
	stand := func(enabled bool) string {
		return said(enforced(http.StatusOK, http.MethodPost, "/v1/users/"+ordered+"/standing", map[string]any{"enabled": enabled, "reason": "outages"}))
	}
	made, tracked, online := 0, 0, s.onlineTokens()
	stored := func(answer string) func(map[string]bool, bool) string {
		return without("postgres", "503 store_unavailable", answer)
	}
	return []question{
		{"mint again", func() string {
			a, err := s.backend.Mint(ctx, c.living, "org", "live")
			must(s.t, err)
			return strings.TrimSpace(said(a) + " " + map[bool]string{true: "the same"}[a.Text("key") == c.live])
		}, stored("200 the same")},
		{"make a key, use, revoke", func() string {
			made++
			a := enforced(http.StatusCreated, http.MethodPost, "/v1/users/"+c.living+"/api-keys", map[string]any{"name": fmt.Sprint("outage ", made)})
			if a.Status != http.StatusOK && a.Status != http.StatusCreated {
				return said(a)
			}
			used := me(a.Text("key"))
			gone := enforced(http.StatusOK, http.MethodDelete, "/v1/users/"+c.living+"/api-keys/"+a.Text("id"), nil)
			return strings.Join([]string{said(a), used, said(gone), me(a.Text("key"))}, ", ")
		}, stored("201, 200, 200, 401 revoked")},
		{"track a token, revoke it", func() string {
			tracked++
			user := fmt.Sprint("tracked-", tracked)
			a := enforced(http.StatusCreated, http.MethodPut, "/v1/offline-tokens", map[string]any{"user_id": user, "client_id": "app", "session_id": user, "issued_at": 1_700_000_000})
			if a.Status/100 != 2 {
				return said(a)
			}
			revoked := enforced(http.StatusOK, http.MethodPost, "/v1/users/"+user+"/revoke", map[string]any{"tokens": true, "reason": "outages"})
			v, err := s.backend.Decide(ctx, []play.Question{{User: user}})
			must(s.t, err)
			return strings.Join([]string{said(a), said(revoked), v[0].State}, ", ")
		}, stored("201, 200, revoked")},
		{"disable, enable", func() string {
			disabled := stand(false)
			if disabled != "200" {
				return disabled
			}
			refused := me(key)
			return strings.Join([]string{disabled, refused, stand(true), me(key)}, ", ")
		}, stored("200, 401 user_disabled, 200, 200")},
		{"log out, refresh", func() string { // with Keycloak down nobody logs in, so each cell has a session made before
			t := online[0]
			online = online[1:]
			a := call(http.MethodPost, "/v1/logout", map[string]any{"refresh_token": t.Refresh})
			if a.Status != http.StatusOK {
				return said(a)
			}
			_, err := s.keycloak.Refresh(ctx, t)
			_, refused := errors.AsType[*play.RefusedError](err)
			return fmt.Sprint(said(a), " ", a.Text("offline"), ", refused: ", refused)
		}, without("keycloak", "503 identity_provider_unavailable", "200 none, refused: true")},
	}
}

// reached waits until authapi answers from a version, or a later one.
func (s *system) reached(version int64) {
	s.t.Helper()
	s.wait(fmt.Sprint("version ", version), func() (bool, string) {
		text, err := s.get(s.stack.Env.AuthapiAdminURL + "/metrics")
		must(s.t, err)
		_, rest, _ := strings.Cut(text, "\ntokenstate_feed_version ")
		at, err := strconv.ParseFloat(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]), 64)
		return err == nil && int64(at) >= version, fmt.Sprint(at, err)
	})
}

// onlineTokens are of sessions of their own, one for each column of the matrix.
func (s *system) onlineTokens() (all []play.Tokens) {
	s.t.Helper()
	s.login()
	for range outageColumns {
		t, err := s.keycloak.Grant(s.t.Context(), "app", s.lastName(), "")
		must(s.t, err)
		all = append(all, t)
	}
	return all
}
