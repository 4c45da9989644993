//go:build truth

package truth

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

const sweepLimit = 60 * time.Minute

// crowd inserts n users with an offline session each into Keycloak's own database, as copies of a
// real one: of a thousand one has lost the session, one is disabled, one has a not-before in the
// future, and one lacks the role.
const crowd = `
INSERT INTO user_entity (id, email_constraint, email_verified, enabled, realm_id, username, created_timestamp, not_before, last_modified_timestamp)
  SELECT '00000000-0000-4000-8000-' || lpad(x::text, 12, '0'), 'c' || x, false, x % 1000 <> 7, u.realm_id, 'c' || x, u.created_timestamp,
    CASE WHEN x % 1000 = 8 THEN 2000000000 ELSE 0 END, u.created_timestamp
  FROM generate_series(1, $1::int) x, user_entity u WHERE u.id = $2;
INSERT INTO user_role_mapping (role_id, user_id)
  SELECT m.role_id, '00000000-0000-4000-8000-' || lpad(x::text, 12, '0')
  FROM generate_series(1, $1::int) x, user_role_mapping m WHERE m.user_id = $2 AND x % 1000 <> 9;
INSERT INTO offline_user_session (user_session_id, user_id, realm_id, created_on, offline_flag, data, last_session_refresh, broker_session_id, version)
  SELECT 'c' || lpad(x::text, 23, '0'), '00000000-0000-4000-8000-' || lpad(x::text, 12, '0'), s.realm_id, s.created_on, s.offline_flag, s.data,
    s.last_session_refresh, s.broker_session_id, s.version
  FROM generate_series(1, $1::int) x, offline_user_session s WHERE s.user_id = $2 AND s.offline_flag = '1' AND x % 1000 <> 6;
INSERT INTO offline_client_session (user_session_id, client_id, offline_flag, "timestamp", data, client_storage_provider, external_client_id, version, realm_id)
  SELECT 'c' || lpad(x::text, 23, '0'), s.client_id, s.offline_flag, s."timestamp", s.data, s.client_storage_provider, s.external_client_id, s.version, s.realm_id
  FROM generate_series(1, $1::int) x, offline_client_session s JOIN offline_user_session u USING (user_session_id, offline_flag)
  WHERE u.user_id = $2 AND s.offline_flag = '1' AND x % 1000 <> 6;
`

// tracked stores their tokens here, all seen alive a day ago; who lacks the role was known to.
const tracked = `
INSERT INTO tokenstate.offline_token (realm, user_id, client, client_id, session, issued_at_s, custody)
  SELECT 'demo', '00000000-0000-4000-8000-' || lpad(x::text, 12, '0'), $2, 'app', 'c' || lpad(x::text, 23, '0'), $3, 'tracked' FROM generate_series(1, $1::int) x;
INSERT INTO tokenstate.fact_standing (realm, user_id, client, session, key, authority, node, at_ms, tie, gone, disabled, no_offline, not_before_s, client_id, cause)
  SELECT 'demo', '00000000-0000-4000-8000-' || lpad(x::text, 12, '0'), '', '', '', 'keycloak', 'kc1', $4, '', false, false, x % 1000 = 9, 0, '', 'a-day-ago' FROM generate_series(1, $1::int) x;
INSERT INTO tokenstate.fact_look (realm, user_id, client, session, key, node, at_ms, tie, cause)
  SELECT 'demo', '00000000-0000-4000-8000-' || lpad(x::text, 12, '0'), '', '', '', 'kc1', $4, '', 'a-day-ago' FROM generate_series(1, $1::int) x;
INSERT INTO tokenstate.fact_sighting (realm, user_id, client, session, key, gone, node, at_ms, tie, start_s, second_s, cause)
  SELECT 'demo', '', $2, 'c' || lpad(x::text, 23, '0'), '', false, 'kc1', $4, '', 0, 0, 'a-day-ago' FROM generate_series(1, $1::int) x;
`

// judged are the numbers of verdicts by what is true of the session: its number says so.
const judged = `
SELECT (CASE right(session_id, 3) WHEN '006' THEN 'session_absent' WHEN '007' THEN 'user_disabled' WHEN '008' THEN 'user_not_before'
    WHEN '009' THEN 'offline_access_withdrawn' ELSE '' END) AS truth, coalesce(reason, '') AS verdict, count(*)
FROM tokenstate.offline_token_state WHERE session_id LIKE 'c000%' GROUP BY 1, 2 ORDER BY 1, 2`

// unseen are the living whom neither a page nor a look of this sweep has shown.
const unseen = `
SELECT count(*) FROM tokenstate.offline_token t WHERE session LIKE 'c000%' AND right(session, 3) NOT IN ('006')
  AND NOT EXISTS (SELECT FROM tokenstate.fact_sighting s WHERE s.realm = t.realm AND s.client = t.client AND s.session = t.session AND NOT s.gone AND s.at_ms > $1)`

// Ensure that a sweep of many sessions costs Keycloak few requests and makes no verdict false.
func TestSweepAtScale(t *testing.T) {
	n := number("SWEEP_SESSIONS", 0)
	if n == 0 {
		t.Skip("SWEEP_SESSIONS says how many: run `make sweep-scale`")
	}
	t.Setenv("DATABASE_URL", "") // a stack of its own
	root, err := filepath.Abs("../..")
	must(t, err)
	// Keycloak is on Postgres: its H2 needs seconds for a page.
	s, err := devstack.Start(t.Context(), devstack.Options{Root: root, Logs: filepath.Join(root, ".dev", "log", "sweep"), OnPostgres: true, Throwaway: true})
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	for _, part := range []string{"worker", "authapi"} {
		must(t, s.Kill(part, syscall.SIGTERM))
	}
	ctx := t.Context()
	k := play.KeycloakOf(s.Env)
	model, err := k.NewUser(ctx, "model")
	must(t, err)
	tokens, err := k.Grant(ctx, "app", "model", play.Offline)
	must(t, err)
	claims, err := tokens.Claims()
	must(t, err)
	var clients []struct{ ID string }
	_, err = k.Call(ctx, http.MethodGet, "/clients?clientId=app", nil, &clients)
	must(t, err)
	ours, err := pgx.Connect(ctx, s.Env.DatabaseURL)
	must(t, err)
	defer func() { _ = ours.Close(context.WithoutCancel(ctx)) }()
	began := time.Now()
	insert(t, strings.Replace(s.Env.DatabaseURL, "/tokenstate?", "/keycloak?", 1), crowd, fmt.Sprint(n), "'"+model+"'")
	insert(t, s.Env.DatabaseURL, tracked, fmt.Sprint(n), "'"+clients[0].ID+"'", fmt.Sprint(claims.IssuedAt), fmt.Sprint(time.Now().Add(-24*time.Hour).UnixMilli()))
	var count struct{ Count int64 }
	_, err = k.Call(ctx, http.MethodGet, "/clients/"+clients[0].ID+"/offline-session-count", nil, &count)
	must(t, err)
	if count.Count < n-n/500-2 {
		t.Fatalf("Keycloak counts %d sessions of %d", count.Count, n)
	}
	t.Logf("%d users and tokens, %d sessions that Keycloak counts, made in %.0f s", n, count.Count, time.Since(began).Seconds())

	counter := counting(t, s.Env.KeycloakURL)
	began = time.Now()
	stop := work(t, root, s, counter.url)
	falseRevoked, wrong, left := int64(0), map[string]int64{}, int64(1)
	for deadline := time.Now().Add(sweepLimit); time.Now().Before(deadline) && (left > 0 || len(wrong) > 0); play.Pause(ctx, 5*time.Second) {
		left, wrong = 0, map[string]int64{}
		must(t, ours.QueryRow(ctx, unseen, began.UnixMilli()).Scan(&left))
		rows, err := ours.Query(ctx, judged)
		must(t, err)
		var truth, verdict string
		var number int64
		_, err = pgx.ForEachRow(rows, []any{&truth, &verdict, &number}, func() error {
			if truth != verdict {
				wrong[truth+" is judged "+verdict] += number
				if truth == "" {
					falseRevoked = max(falseRevoked, number)
				}
			}
			return nil
		})
		must(t, err)
		t.Logf("after %.0f s: %d requests, %d not seen yet, %v", time.Since(began).Seconds(), counter.total(), left, wrong)
	}
	took := time.Since(began)
	stop()
	fmt.Printf("users=%d sessions=%d requests=%d requests_per_session=%.4f seconds=%.0f false_verdicts=%d unseen=%d\n", //nolint:forbidigo // what the target prints
		n, count.Count, counter.total(), float64(counter.total())/float64(n), took.Seconds(), falseRevoked+int64(len(wrong)), left)
	fmt.Print(counter) //nolint:forbidigo // what the target prints
	if falseRevoked > 0 || len(wrong) > 0 || left > 0 {
		t.Errorf("false: %d living judged dead at some time, in the end %v; %d not seen", falseRevoked, wrong, left)
	}
	if most := n/20 + 200; counter.total() > most {
		t.Errorf("%d requests, more than %d", counter.total(), most)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// insert runs statements with literal arguments: the protocol takes several only without any.
func insert(t *testing.T, database, statements string, args ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	must(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	for i, arg := range args {
		statements = strings.ReplaceAll(statements, fmt.Sprint("$", i+1), arg)
	}
	_, err = conn.Exec(t.Context(), statements+"; ANALYZE", pgx.QueryExecModeSimpleProtocol)
	must(t, err)
}

// work starts a worker that reaches Keycloak by way of the counter.
func work(t *testing.T, root string, s *devstack.Stack, keycloak string) (stop func()) {
	t.Helper()
	addr, err := devstack.FreeAddr()
	must(t, err)
	cmd := exec.Command(filepath.Join(root, ".dev", "bin", "revocation-worker"), "run")
	cmd.Env = append(s.Env.Pairs(), "WORKER_ADMIN_ADDR="+addr, "NATS_URL="+s.NATSWorkerURL(), "DATABASE_URL="+s.WorkerDatabaseURL(), "KEYCLOAK_URL="+keycloak, "WORKER_BACKFILL_INTERVAL=1m")
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	var once sync.Once
	stop = func() {
		once.Do(func() {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			_ = cmd.Wait()
		})
	}
	t.Cleanup(stop)
	return stop
}

// counter is a proxy that counts requests by kind.
type counter struct {
	url   string
	mu    sync.Mutex
	kinds map[string]int64
}

var ids = regexp.MustCompile(`/[0-9a-f]{8}-[0-9a-f-]{27}`)

func counting(t *testing.T, keycloak string) *counter {
	t.Helper()
	to, err := url.Parse(keycloak)
	must(t, err)
	c := &counter{kinds: map[string]int64{}}
	proxy := httputil.NewSingleHostReverseProxy(to)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.kinds[ids.ReplaceAllString(r.URL.Path, "/*")]++
		c.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	c.url = srv.URL
	return c
}

func (c *counter) total() (n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.kinds {
		n += k
	}
	return n
}

func (c *counter) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for kind, n := range c.kinds {
		_, _ = fmt.Fprintf(&b, "%8d  %s\n", n, kind)
	}
	return b.String()
}
