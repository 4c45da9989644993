package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"

	"github.com/tokenstate/tokenstate/internal/events"
)

// act is one thing that a credential may not do, and who refused it.
type act struct{ who, what, refused string }

// forbidden tries what no credential of the system may do. All of it must be refused by the
// server, whatever our programs do.
func forbidden(s *system, t *testing.T) {
	user, _ := s.login()
	var acts []act
	acts = append(acts, s.forbiddenInKeycloak(user)...)
	acts = append(acts, s.forbiddenInPostgres()...)
	acts = append(acts, s.forbiddenInNATS()...)
	var table strings.Builder
	for _, a := range acts {
		fmt.Fprintf(&table, "\n  %-22s %-70s %s", a.who, a.what, a.refused)
		if a.refused == "" {
			t.Errorf("%s may: %s", a.who, a.what)
		}
	}
	t.Logf("forbidden, and refused:%s", table.String())
	s.forgedOutbox()
	s.resourceNamesNobody(user)
}

// resourceNamesNobody: what the worker's client learns from the jar's resource of a user is an id, and not who it is.
func (s *system) resourceNamesNobody(user string) {
	s.t.Helper()
	token := s.serviceToken("master", s.stack.Env.WorkerClientID, s.stack.Env.WorkerClientSecret)
	ask := func(method, path, body string) string {
		req, err := http.NewRequestWithContext(s.t.Context(), method, s.keycloak.URL+"/realms/master/tokenstate/v1/"+path, strings.NewReader(body))
		must(s.t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		must(s.t, err)
		defer func() { _ = res.Body.Close() }()
		raw, err := io.ReadAll(res.Body)
		must(s.t, err)
		return string(raw)
	}
	told := map[string]string{
		"a look": ask(http.MethodPost, "look", fmt.Sprintf(`{"realm":%q,"user":%q}`, s.keycloak.Realm, user)),
		"a page": ask(http.MethodGet, "users?limit=1000&realm="+url.QueryEscape(s.keycloak.Realm), ""),
	}
	for what, text := range told {
		if !strings.Contains(text, user) {
			s.t.Errorf("%s does not tell of the user: %s", what, text)
		}
		for _, name := range []string{s.lastName() + `"`, s.lastName() + "@", "email", "attributes"} {
			if strings.Contains(text, name) {
				s.t.Errorf("%s tells %s: %s", what, name, text)
			}
		}
	}
}

func (s *system) forbiddenInKeycloak(user string) (acts []act) {
	s.t.Helper()
	demo := "/admin/realms/" + s.keycloak.Realm
	try := func(who, token, method, path string, body any) {
		raw, err := json.Marshal(body)
		must(s.t, err)
		req, err := http.NewRequestWithContext(s.t.Context(), method, s.keycloak.URL+path, bytes.NewReader(raw))
		must(s.t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		must(s.t, err)
		_ = res.Body.Close()
		a := act{who: who, what: method + " " + strings.ReplaceAll(path, user, "{user}")}
		if res.StatusCode == http.StatusForbidden {
			a.refused = "403"
		}
		acts = append(acts, a)
	}
	worker := s.serviceToken("master", s.stack.Env.WorkerClientID, s.stack.Env.WorkerClientSecret)
	for _, call := range [][2]string{
		{"PUT", demo + "/users/" + user},
		{"DELETE", demo + "/users/" + user},
		{"POST", demo + "/users/" + user + "/logout"},
		{"POST", demo + "/users"},
		{"PUT", demo},
		{"DELETE", demo},
		{"POST", demo + "/clients"},
		{"POST", demo + "/logout-all"},
		{"PUT", demo + "/events/config"},
		{"DELETE", demo + "/events"},
		{"DELETE", demo + "/admin-events"},
		{"GET", "/admin/realms/master/users"},
		{"GET", "/admin/realms/master/clients"},
		{"PUT", "/admin/realms/master"},
	} {
		try("worker's client", worker, call[0], call[1], map[string]any{})
	}
	app := s.serviceToken(s.keycloak.Realm, "app", s.keycloak.Secret)
	for _, call := range [][2]string{
		{"PUT", demo + "/users/" + user},
		{"POST", demo + "/users/" + user + "/logout"},
		{"GET", demo + "/events"},
		{"GET", demo + "/admin-events"},
		{"PUT", demo},
		{"GET", "/admin/realms/master/users"},
	} {
		try("application's client", app, call[0], call[1], map[string]any{})
	}
	return acts
}

func (s *system) serviceToken(realm, client, secret string) string {
	s.t.Helper()
	res, err := http.PostForm(s.keycloak.URL+"/realms/"+realm+"/protocol/openid-connect/token",
		url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {secret}})
	must(s.t, err)
	defer func() { _ = res.Body.Close() }()
	var out struct {
		AccessToken string `json:"access_token"`
	}
	must(s.t, json.NewDecoder(res.Body).Decode(&out))
	return out.AccessToken
}

func (s *system) forbiddenInPostgres() (acts []act) {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.stack.Env.DatabaseURL)
	must(s.t, err)
	defer func() { _ = conn.Close(s.t.Context()) }()
	for _, a := range [][2]string{
		{"tokenstate_worker", "SELECT * FROM tokenstate.offline_token_secret"},
		{"tokenstate_worker", "UPDATE tokenstate.offline_token_secret SET ciphertext = ''"},
		{"tokenstate_worker", "SELECT * FROM tokenstate.refresh_turn"},
		{"tokenstate_worker", "INSERT INTO tokenstate.offline_token (realm, user_id, client_id, session, issued_at_s, custody) VALUES ('r', 'u', 'c', 's', 1, 'tracked')"},
		{"tokenstate_worker", "UPDATE tokenstate.offline_token SET verified = true"},
		{"tokenstate_worker", "UPDATE tokenstate.api_key SET revoked_at = NULL"},
		{"tokenstate_worker", "INSERT INTO tokenstate.outbox (id, raw) VALUES ('x', '')"},
		{"tokenstate_worker", "DELETE FROM tokenstate.fact_cutoff"},
		{"tokenstate_worker", "TRUNCATE tokenstate.journal"},
		{"tokenstate_worker", "UPDATE tokenstate.audit SET actor = 'nobody'"},
		{"tokenstate_worker", "DELETE FROM tokenstate.audit"},
		{"tokenstate_authapi", "INSERT INTO tokenstate.fact_pardon VALUES ('c', 1, 't', 'b', 'r')"},
		{"tokenstate_authapi", "DELETE FROM tokenstate.fact_cutoff"},
		{"tokenstate_authapi", "INSERT INTO tokenstate.fact_look VALUES ('r', 'u', '', '', '', '', 1, 't', 'c')"},
		{"tokenstate_authapi", "INSERT INTO tokenstate.fact_sighting VALUES ('r', 'u', '', '', '', false, '', 1, 't', 1, 1, 'c')"},
		{"tokenstate_authapi", "UPDATE tokenstate.floor SET seq = 1"},
		{"tokenstate_authapi", "UPDATE tokenstate.epoch SET confirmed = true"},
		{"tokenstate_authapi", "UPDATE tokenstate.journal SET raw = ''"},
		{"tokenstate_authapi", "DELETE FROM tokenstate.journal"},
		{"tokenstate_authapi", "DELETE FROM tokenstate.feed"},
		{"tokenstate_authapi", "UPDATE tokenstate.outbox SET relayed_at = now()"},
		{"tokenstate_authapi", "UPDATE tokenstate.rules SET margin_ms = 0"},
		{"tokenstate_authapi", "TRUNCATE tokenstate.api_key"},
		{"tokenstate_authapi", "DELETE FROM tokenstate.api_key"},
		{"tokenstate_authapi", "UPDATE tokenstate.act SET actor = 'nobody'"},
		{"tokenstate_authapi", "DELETE FROM tokenstate.act"},
		{"tokenstate_worker", "INSERT INTO tokenstate.org_member (realm, org_id, user_id) VALUES ('r', 'o', 'u')"},
		{"tokenstate_worker", "SELECT * FROM tokenstate.once"},
		{"tokenstate_worker", "UPDATE tokenstate.act_head SET n = 0"},
		{"tokenstate_read", "SELECT * FROM tokenstate.once"},
		{"tokenstate_read", "SELECT * FROM tokenstate.org_member"},
		{"tokenstate_read", "SELECT * FROM tokenstate.offline_token_secret"},
		{"tokenstate_read", "SELECT * FROM tokenstate.refresh_turn"},
		{"tokenstate_read", "SELECT * FROM tokenstate.api_key"},
		{"tokenstate_read", "SELECT * FROM tokenstate.service_key"},
		{"tokenstate_read", "INSERT INTO tokenstate.outbox (id, raw) VALUES ('x', '')"},
		{"tokenstate_read", "UPDATE tokenstate.floor SET seq = 1"},
		{"tokenstate_read", "CREATE TABLE tokenstate.x ()"},
	} {
		acts = append(acts, act{a[0], a[1], sqlRefusal(s.t.Context(), conn, a[0], a[1])})
	}
	return acts
}

func sqlRefusal(ctx context.Context, conn *pgx.Conn, role, sql string) string {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return ""
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err := tx.Exec(ctx, "SET LOCAL ROLE "+role); err != nil {
		return ""
	}
	if _, err = tx.Exec(ctx, sql); err != nil && strings.Contains(err.Error(), "42501") {
		return "42501"
	}
	return ""
}

// forbiddenInNATS: deploy/nats_test.go tries every subject; here the worker's own credential of
// a running system tries the worst.
func (s *system) forbiddenInNATS() (acts []act) {
	s.t.Helper()
	for _, subject := range []string{
		"tokenstate.v1.demo.pardon.cause", "tokenstate.v1._.heartbeat.kc1", "$JS.API.STREAM.PURGE.TOKENSTATE", "$JS.API.STREAM.DELETE.TOKENSTATE",
		"$JS.API.STREAM.UPDATE.TOKENSTATE", "$JS.API.STREAM.MSG.DELETE.TOKENSTATE",
	} {
		nc, err := nats.Connect(s.stack.NATSWorkerURL(), nats.CustomInboxPrefix("_INBOX_wo"), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
		must(s.t, err)
		must(s.t, nc.Publish(subject, []byte("{}")))
		must(s.t, nc.Flush()) // the refusal comes before its answer
		a := act{who: "worker in NATS", what: "publish " + subject}
		if errors.Is(nc.LastError(), nats.ErrPermissionViolation) {
			a.refused = "permissions violation"
		}
		nc.Close()
		acts = append(acts, a)
	}
	return acts
}

// forgedOutbox: whoever has authapi's rights in Postgres cannot speak by the worker's in NATS.
func (s *system) forgedOutbox() {
	s.t.Helper()
	m := events.Message{
		ID: "forged-pardon-0001", Realm: s.keycloak.Realm, At: 1, Source: events.Operator,
		Body: &events.Pardon{Cause: "some-cause", By: "nobody", Reason: "forged"},
	}
	raw, err := events.Encode(m)
	must(s.t, err)
	conn, err := pgx.Connect(s.t.Context(), s.stack.Env.DatabaseURL)
	must(s.t, err)
	defer func() { _ = conn.Close(s.t.Context()) }()
	_, err = conn.Exec(s.t.Context(), "INSERT INTO tokenstate.outbox (id, raw) VALUES ($1, $2)", m.ID, raw)
	must(s.t, err)
	s.wait("the relay to have passed the forged row", func() (bool, string) {
		var n int
		err := conn.QueryRow(s.t.Context(), "SELECT count(*) FROM tokenstate.outbox WHERE id = $1 AND relayed_at IS NULL", m.ID).Scan(&n)
		return err == nil && n == 0, fmt.Sprint(n, err)
	})
	for _, table := range []string{"journal WHERE id = 'forged-pardon-0001'", "fact_pardon"} {
		var n int
		must(s.t, conn.QueryRow(s.t.Context(), "SELECT count(*) FROM tokenstate."+table).Scan(&n))
		if n != 0 {
			s.t.Errorf("the forged pardon is in %s", table)
		}
	}
	_, err = conn.Exec(s.t.Context(), "DELETE FROM tokenstate.outbox WHERE id = $1", m.ID) // verify would learn it
	must(s.t, err)
}
