package e2e

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/folded"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// secretsOf are those of the environment, the passwords in its URLs, and the files of authapi.
func (s *system) secretsOf() map[string]string {
	s.t.Helper()
	e := s.stack.Env
	all := map[string]string{
		"the application's client secret": e.KeycloakClientSecret, "the administrator's password": e.KeycloakAdminPassword,
		"the worker's client secret": e.WorkerClientSecret, "the service credential": e.AuthapiServiceKey,
	}
	for name, raw := range map[string]string{
		"the operator's NATS password": e.NATSURL, "the worker's NATS password": s.stack.NATSWorkerURL(),
		"the owner's database password": e.DatabaseURL, "the worker's database password": s.stack.WorkerDatabaseURL(),
	} {
		u, err := url.Parse(raw)
		must(s.t, err)
		all[name], _ = u.User.Password()
	}
	for name, path := range map[string]string{"the pepper": e.PepperFile, "the master secret": e.MasterFile, "the keyset": e.KeysetFile} {
		raw, err := os.ReadFile(path)
		must(s.t, err)
		all[name] = strings.TrimSpace(string(raw))
	}
	return all
}

// noSecretIsTold runs last: whatever the scenes before have provoked, no secret may be in a log
// line, a metric or an answer to somebody who should not have it.
func noSecretIsTold(s *system, t *testing.T) {
	secrets := s.secretsOf()
	user, tokens := s.login()
	minted, err := s.backend.Mint(t.Context(), user, "org", "canary")
	must(t, err)
	key := minted.Text("key")
	secrets["a refresh token"], secrets["an access token"], secrets["an API key"] = tokens.Refresh, tokens.Access, key
	// Where they do not belong: most callers' mistakes put a secret into the wrong place once.
	told := map[string]string{}
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{http.MethodPost, "/v1/logout", map[string]any{"refresh_token": key}},
		{http.MethodPost, "/v1/logout", map[string]any{"refresh_token": tokens.Refresh + "x"}},
		{http.MethodPut, "/v1/offline-tokens", map[string]any{"refresh_token": tokens.Access}},
		{http.MethodPut, "/v1/offline-tokens", map[string]any{"user_id": tokens.Refresh}},
		{http.MethodPut, "/v1/offline-tokens", map[string]any{"unknown": tokens.Refresh}},
		{http.MethodPost, "/v1/decide", map[string]any{"items": []any{map[string]any{"api_key": key + "x"}, map[string]any{"api_key": 5, "x": key}}}},
		{http.MethodPost, "/v1/users/" + key + "/access-token", map[string]any{"client_id": tokens.Access}},
		{http.MethodGet, "/v1/users/" + key + "/offline-tokens?cursor=" + key, nil},
		{http.MethodDelete, "/api/service/users/x/orgs/x/api-keys/" + key, nil},
		{http.MethodGet, "/" + key, nil},
		{http.MethodPost, "/v1/users/" + user + "/api-keys", map[string]any{"name": key}},
		{http.MethodPost, "/v1/users/" + user + "/api-keys", map[string]any{"name": "x", "org_id": tokens.Refresh}},
		{http.MethodPost, "/v1/users/" + user + "/api-keys/" + key + "/rotate", nil},
		{http.MethodDelete, "/v1/users/" + user + "/api-keys/" + key, nil},
		{http.MethodGet, "/v1/users/" + user + "/api-keys?cursor=" + key, nil},
		{http.MethodPut, "/v1/orgs/" + key + "/members/" + user, nil},
		{http.MethodGet, "/v1/users?idp=github&idp_user_id=" + key, nil},
		{http.MethodGet, "/v1/users/" + key + "/auth", nil},
		{http.MethodGet, "/v1/explain?user_id=" + key, nil},
		{http.MethodGet, "/v1/events/" + key, nil},
		{http.MethodPost, "/v1/users/" + user + "/standing", map[string]any{"enabled": true, "reason": key}},
		{http.MethodPost, "/v1/users/" + user + "/revoke", map[string]any{"tokens": true, "reason": tokens.Refresh[:200]}},
		{http.MethodPost, "/v1/refresh-outcomes", map[string]any{
			"user_id": user, "client_id": "app", "session_id": tokens.Refresh, "issued_at": 1, "status": 400, "error": key, "error_description": tokens.Refresh,
		}},
	} {
		a, err := s.backend.Call(t.Context(), c.method, c.path, "", c.body)
		must(t, err)
		told["the answer to "+c.method+" "+strings.ReplaceAll(c.path, key, "{key}")] = fmt.Sprint(a.Body)
	}
	for path, form := range map[string]url.Values{
		"/oauth2/introspect": {"token": {key + "x"}}, "/v1/backchannel-logout": {"logout_token": {tokens.Refresh}},
	} {
		a, err := s.backend.Form(t.Context(), path, form)
		must(t, err)
		told["the answer to POST "+path] = fmt.Sprint(a.Body)
	}
	s.settled(user)
	maps.Copy(told, s.tables())
	if me, err := s.backend.Me(t.Context(), key+"x"); err != nil || me.Status != http.StatusUnauthorized {
		t.Fatalf("a key with one letter too many: %d %v", me.Status, err)
	}
	for _, url := range []string{s.stack.Env.WorkerAdminURL, s.stack.Env.AuthapiAdminURL} {
		text, err := s.get(url + "/metrics")
		must(t, err)
		told[url+"/metrics"] = text
	}
	maps.Copy(told, s.logs())
	if len(told["worker.log"]) < 5000 || len(told["authapi.log"]) < 1000 {
		t.Error("the logs are too short to prove anything")
	}
	s.nowhere(secrets, told)
}

// logs are what the parts have logged so far.
func (s *system) logs() map[string]string {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.logDir, "*.log"))
	must(s.t, err)
	if len(files) < 5 { // Postgres, NATS, Keycloak, the worker and authapi at least
		s.t.Errorf("the logs are %q", files)
	}
	told := map[string]string{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		must(s.t, err)
		told[filepath.Base(file)] = string(raw)
	}
	return told
}

// nowhere holds that no text has one of the secrets, as it is or in hexadecimal.
func (s *system) nowhere(secrets, told map[string]string) {
	s.t.Helper()
	for where, text := range told {
		for what, secret := range secrets {
			if len(secret) < 16 {
				s.t.Fatalf("%s is too short to look for", what)
			}
			if strings.Contains(text, secret) || strings.Contains(text, hex.EncodeToString([]byte(secret))) {
				s.t.Errorf("%s is in %s", what, where)
			}
		}
	}
}

// settled waits until what is written behind the answers is there: the order is in the journal, and
// the act of an order that was given after all calls in the audit.
func (s *system) settled(user string) {
	s.t.Helper()
	pool, err := pgxpool.New(s.t.Context(), s.stack.Env.DatabaseURL)
	must(s.t, err)
	defer pool.Close()
	s.standing(user, true)
	s.wait("what is written behind the answers", func() (bool, string) {
		var orders, acts int
		said, err := postgres.New(pool).JournalAbout(s.t.Context(), "", []string{user}, 1_000)
		for _, m := range said {
			if o, is := m.Body.(*events.Order); is && o.Order == events.OrderStanding {
				orders++
			}
		}
		if err == nil {
			err = pool.QueryRow(s.t.Context(), "SELECT count(*) FROM tokenstate.act WHERE target = '/v1/users/' || $1 || '/standing'", user).Scan(&acts)
		}
		return orders >= 2 && acts >= 2, fmt.Sprint(orders, acts, err)
	})
}

// tables are all that is in the database, with bytes in hexadecimal.
func (s *system) tables() map[string]string {
	s.t.Helper()
	ctx := s.t.Context()
	conn, err := pgx.Connect(ctx, s.stack.Env.DatabaseURL)
	must(s.t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	rows, err := conn.Query(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = 'tokenstate'")
	must(s.t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(s.t, err)
	all := map[string]string{}
	for _, name := range names {
		var text string
		table := pgx.Identifier{"tokenstate", name}.Sanitize()
		must(s.t, conn.QueryRow(ctx, "SELECT coalesce(string_agg(to_json(t)::text, ' '), '') FROM "+table+" t").Scan(&text))
		all["the table "+name] = text
	}
	all["a message of the journal"] = unfolded(ctx, s.t, conn, "SELECT raw FROM tokenstate.journal", folded.Unfold)
	all["a name in the feed"] = unfolded(ctx, s.t, conn, "SELECT names FROM tokenstate.feed WHERE names IS NOT NULL", func(names []byte) ([]byte, error) {
		return io.ReadAll(flate.NewReader(bytes.NewReader(names)))
	})
	if len(all["a message of the journal"]) < 5000 || len(all["a name in the feed"]) < 1000 || len(all["the table offline_token_secret"]) < 100 {
		s.t.Error("the tables are too short to prove anything")
	}
	return all
}

// unfolded is what compressed columns say, which shows itself to nobody who looks for a text.
func unfolded(ctx context.Context, t *testing.T, conn *pgx.Conn, sql string, unfold func([]byte) ([]byte, error)) string {
	t.Helper()
	rows, err := conn.Query(ctx, sql)
	must(t, err)
	columns, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	must(t, err)
	var all strings.Builder
	for _, column := range columns {
		text, err := unfold(column)
		must(t, err)
		all.Write(text)
	}
	return all.String()
}

// alertsAskForWhatIsThere: a rule on a metric that nobody has never fires.
func alertsAskForWhatIsThere(s *system, t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(s.root, "deploy", "prometheus", "alerts.yml"))
	must(t, err)
	operations, err := os.ReadFile(filepath.Join(s.root, "docs", "operations.md"))
	must(t, err)
	// A worker that has just become the active one has yet to test itself.
	s.wait("every metric that an alert asks for", func() (bool, string) {
		worker, err := s.get(s.stack.Env.WorkerAdminURL + "/metrics")
		must(t, err)
		authapi, err := s.get(s.stack.Env.AuthapiAdminURL + "/metrics")
		must(t, err)
		for _, name := range regexp.MustCompile(`tokenstate_[a-z_]+`).FindAllString(string(raw), -1) {
			family := strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")
			if !elsewhere(name) && !strings.Contains(worker+authapi, "\n# TYPE "+family+" ") {
				return false, "no program has the metric " + name
			}
		}
		return true, ""
	})
	for _, m := range regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(string(raw), -1) {
		if !strings.Contains(string(operations), m[1]) {
			t.Errorf("docs/operations.md does not say what to do about %s", m[1])
		}
	}
}

// elsewhere says that a metric is of `revocation-worker canary`, which does not run here, of DATABASE_READ_URL, which is not
// set, or there only while its fault is.
func elsewhere(name string) bool {
	return strings.HasPrefix(name, "tokenstate_canary_") || name == "tokenstate_standby_followed" || name == "tokenstate_store_alarm"
}
