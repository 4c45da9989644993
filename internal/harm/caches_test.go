//go:build harm

package harm

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/play"
)

// wealthy is a user with many offline sessions, copies of a real one that no cache has.
const wealthy = `
INSERT INTO offline_user_session (user_session_id, user_id, realm_id, created_on, offline_flag, data, last_session_refresh, broker_session_id, version)
  SELECT $2 || lpad(x::text, 20, '0'), s.user_id, s.realm_id, s.created_on, s.offline_flag, s.data, s.last_session_refresh, s.broker_session_id, s.version
  FROM generate_series(1, $3::int) x, offline_user_session s WHERE s.user_id = $1 AND s.offline_flag = '1'`

const itsClients = `
INSERT INTO offline_client_session (user_session_id, client_id, offline_flag, "timestamp", data, client_storage_provider, external_client_id, version, realm_id)
  SELECT $2 || lpad(x::text, 20, '0'), s.client_id, s.offline_flag, s."timestamp", s.data, s.client_storage_provider, s.external_client_id, s.version, s.realm_id
  FROM generate_series(1, $3::int) x, offline_client_session s JOIN offline_user_session u USING (user_session_id, offline_flag)
  WHERE u.user_id = $1 AND s.offline_flag = '1' AND s.user_session_id NOT LIKE $2 || '%'`

// caches is by how many entries Keycloak's caches of offline sessions grew when something happened to a user
// with n sessions.
type caches map[string]float64

// cached are the caches that a look could fill.
var cached = []string{"offlineSessions", "offlineClientSessions"}

// grow makes such a user, gives them a role, which is an event that asks for a look at all of their sessions,
// and logs one session out.
func (w *world) grow(r *side, n int) (caches, error) {
	id, all, err := r.logins(w.ctx, 1)
	if err != nil {
		return nil, err
	}
	if err := w.enrich(id, "h"+r.Realm[:2]+"-", n); err != nil {
		return nil, err
	}
	before, err := w.entries()
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	close(done) // once
	if err := r.stir(w.ctx, id, done); err != nil {
		return nil, err
	}
	if err := r.end(w.ctx, all[0]); err != nil {
		return nil, err
	}
	play.Pause(w.ctx, 2*drained)
	after, err := w.entries()
	for name := range after {
		after[name] -= before[name]
	}
	return after, err
}

func (w *world) enrich(user, prefix string, n int) error {
	db, err := pgx.Connect(w.ctx, strings.Replace(w.stack.Env.DatabaseURL, "/tokenstate?", "/keycloak?", 1))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close(context.WithoutCancel(w.ctx)) }()
	for _, insert := range []string{wealthy, itsClients} {
		if _, err := db.Exec(w.ctx, insert, user, prefix, n); err != nil {
			return fmt.Errorf("give a user %d sessions: %w", n, err)
		}
	}
	return nil
}

// entries asks Keycloak's metrics how many entries the caches have.
func (w *world) entries() (caches, error) {
	req, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.stack.KeycloakMetricsURL(), nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	out := caches{}
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		line := lines.Text()
		if !strings.HasPrefix(line, "vendor_statistics_approximate_entries{") {
			continue
		}
		for _, name := range cached {
			if strings.Contains(line, `cache="`+name+`"`) {
				if out[name], err = strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64); err != nil {
					return nil, err
				}
			}
		}
	}
	if len(out) != len(cached) {
		return nil, fmt.Errorf("the metrics of Keycloak show %d of the %d caches of offline sessions", len(out), len(cached))
	}
	return out, nil
}
