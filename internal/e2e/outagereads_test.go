package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// cast are the people and keys that the matrix is about.
type cast struct {
	living, gone                string
	live, revoked, closed, lost string
	gateway                     auth.AuthorizationClient
}

// outageCast makes them, and waits until all is known.
func (s *system) outageCast() *cast {
	s.t.Helper()
	ctx, c := s.t.Context(), &cast{}
	c.living, _ = s.login()
	gone, tokens := s.login()
	disabled, _ := s.login()
	c.gone, c.live = gone, keyOf(s, c.living, "live")
	c.revoked, c.closed = keyOf(s, c.living, "revoked"), keyOf(s, disabled, "closed")
	a, err := s.backend.Call(ctx, http.MethodDelete, "/api/service/users/"+c.living+"/orgs/org/api-keys/revoked", "", nil)
	must(s.t, err)
	if a.Status != http.StatusOK {
		s.t.Fatalf("revoke: %d", a.Status)
	}
	must(s.t, s.keycloak.Logout(ctx, tokens))
	must(s.t, s.keycloak.Enable(ctx, disabled, false))
	s.until(c.living, "usable")
	s.until(gone, "revoked")
	s.wait("the disabled owner", func() (bool, string) {
		me, err := s.backend.Me(ctx, c.closed)
		return err == nil && me.Text("reason") == "user_disabled", fmt.Sprint(me.Body, err)
	})
	c.lost = s.unknownKey()
	conn, err := grpc.NewClient(s.stack.Env.AuthapiExtauthzAddr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(s.t, err)
	s.t.Cleanup(func() { must(s.t, conn.Close()) })
	c.gateway = auth.NewAuthorizationClient(conn)
	return c
}

// unknownKey has our format and no row.
func (s *system) unknownKey() string {
	s.t.Helper()
	user, _ := s.login()
	pool, err := pgxpool.New(s.t.Context(), s.stack.Env.DatabaseURL)
	must(s.t, err)
	defer pool.Close()
	key := keyOf(s, user, "lost")
	_, err = pool.Exec(s.t.Context(), "DELETE FROM tokenstate.api_key WHERE user_id = $1", user)
	must(s.t, err)
	must(s.t, s.stack.Kill("authapi", syscall.SIGTERM))
	must(s.t, s.stack.Restart(s.t.Context(), "authapi"))
	return key
}

// reads are the columns that the decision path answers.
func (s *system) reads(c *cast) []question {
	ctx := s.t.Context()
	call := func(method, path string, body any, say func(map[string]any) string) func() string {
		return func() string {
			a, err := s.backend.Call(ctx, method, path, "", body)
			must(s.t, err)
			return strings.TrimSpace(fmt.Sprint(a.Status, " ", say(a.Body)))
		}
	}
	me := func(key string) func() string {
		return func() string {
			a, err := s.backend.Me(ctx, key)
			must(s.t, err)
			return strings.TrimSpace(fmt.Sprint(a.Status, " ", a.Text("reason")))
		}
	}
	authorize := func(key string) func() string {
		return func() string {
			status, header := s.raw(http.MethodGet, "/v1/authorize", "", key)
			return strings.TrimSpace(fmt.Sprint(status, " ", header.Get("X-Auth-Reason")))
		}
	}
	return []question{
		{"live key", me(c.live), always("200")},
		{"revoked key", me(c.revoked), always("401 revoked")},
		{"unknown key", me(c.lost), without("postgres", "503 undecidable", "401 unknown")},
		{"disabled owner", me(c.closed), always("401 user_disabled")},
		{"authorize, live", authorize(c.live), always("200")},
		{"authorize, disabled", authorize(c.closed), always("401 user_disabled")},
		{"Envoy, live", s.envoy(c, c.live), always("200")},
		{"Envoy, revoked", s.envoy(c, c.revoked), always("401")},
		{"introspect", s.introspect(c.live, c.revoked), always("200 true, 200 false")},
		{"decide", call(http.MethodPost, "/v1/decide", map[string]any{"items": []any{
			map[string]any{"user_id": c.living}, map[string]any{"user_id": c.gone}, map[string]any{"api_key": c.live}, map[string]any{"api_key": c.revoked},
		}}, func(body map[string]any) (said string) {
			items, _ := body["items"].([]any)
			for _, i := range items {
				said += fmt.Sprint(i.(map[string]any)["state"], " ")
			}
			return said
		}), always("200 usable revoked usable revoked")},
		{"for integrations", call(http.MethodGet, "/v1/users/"+c.gone+"/auth", nil, func(body map[string]any) string {
			return fmt.Sprint(body["can"], " ", body["reason"])
		}), always("200 map[api_keys:true refresh:false] session_ended")},
		{"access, known dead", s.access(c.gone, map[string]any{}), always("409 session_ended")},
		{"access, had before", s.access(c.living, map[string]any{}), func(down map[string]bool, restarted bool) string {
			if down["postgres"] && restarted { // it lies in Postgres only
				return "503 store_unavailable"
			}
			return "200 cache"
		}},
		{"access, to be refreshed", s.access(c.living, map[string]any{"min_valid_s": 3600}), func(down map[string]bool, _ bool) string {
			switch {
			case down["postgres"]: // so does the offline token
				return "503 store_unavailable"
			case down["keycloak"]:
				return "503 identity_provider_unavailable"
			}
			return "200 refresh"
		}},
	}
}

func (s *system) access(user string, body map[string]any) func() string {
	return func() string {
		a, err := s.backend.Call(s.t.Context(), http.MethodPost, "/v1/users/"+user+"/access-token", "", body)
		must(s.t, err)
		return strings.TrimSpace(fmt.Sprint(a.Status, " ", a.Text("reason"), a.Text("source")))
	}
}

// envoy asks by gRPC, as Envoy does.
func (s *system) envoy(c *cast, key string) func() string {
	return func() string {
		ctx, cancel := context.WithTimeout(s.t.Context(), limit)
		defer cancel()
		out, err := c.gateway.Check(ctx, &auth.CheckRequest{Attributes: &auth.AttributeContext{
			Request: &auth.AttributeContext_Request{Http: &auth.AttributeContext_HttpRequest{
				Method: http.MethodGet, Path: "/", HeaderMap: &core.HeaderMap{Headers: []*core.HeaderValue{{Key: "authorization", RawValue: []byte("Bearer " + key)}}},
			}},
		}}, grpc.WaitForReady(true))
		must(s.t, err)
		if out.GetOkResponse() != nil {
			return "200"
		}
		return fmt.Sprint(int(out.GetDeniedResponse().GetStatus().GetCode()))
	}
}

// introspect asks of several keys (RFC 7662).
func (s *system) introspect(keys ...string) func() string {
	return func() string {
		var said []string
		for _, key := range keys {
			a, err := s.backend.Form(s.t.Context(), "/oauth2/introspect", url.Values{"token": {key}})
			must(s.t, err)
			said = append(said, strings.TrimSpace(fmt.Sprint(a.Status, " ", a.Text("active"))))
		}
		return strings.Join(said, ", ")
	}
}
