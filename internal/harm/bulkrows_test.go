//go:build harm

package harm

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// tables counts the rows of a realm in Keycloak's database that an action or a look could add or remove.
type tables struct{ users, roles, credentials, offline, online, clients int }

func (c tables) String() string {
	return fmt.Sprintf("users=%d roles=%d credentials=%d offline=%d online=%d client_sessions=%d", c.users, c.roles, c.credentials, c.offline, c.online, c.clients)
}

const realmRows = `SELECT
  (SELECT count(*) FROM user_entity u WHERE u.realm_id = r.id),
  (SELECT count(*) FROM user_role_mapping m JOIN user_entity u ON u.id = m.user_id WHERE u.realm_id = r.id),
  (SELECT count(*) FROM credential c JOIN user_entity u ON u.id = c.user_id WHERE u.realm_id = r.id),
  (SELECT count(*) FROM offline_user_session s WHERE s.realm_id = r.id AND s.offline_flag = '1'),
  (SELECT count(*) FROM offline_user_session s WHERE s.realm_id = r.id AND s.offline_flag = '0'),
  (SELECT count(*) FROM offline_client_session c JOIN offline_user_session s USING (user_session_id, offline_flag) WHERE s.realm_id = r.id)
FROM realm r WHERE r.name = $1`

func (w *world) tables(t *testing.T, r *side) (out tables) {
	t.Helper()
	db := w.database(t)
	defer func() { _ = db.Close(context.WithoutCancel(w.ctx)) }()
	must(t, db.QueryRow(w.ctx, realmRows, r.Realm).Scan(&out.users, &out.roles, &out.credentials, &out.offline, &out.online, &out.clients))
	return out
}

// database is Keycloak's.
func (w *world) database(t *testing.T) *pgx.Conn {
	t.Helper()
	db, err := pgx.Connect(w.ctx, strings.Replace(w.stack.Env.DatabaseURL, "/tokenstate?", "/keycloak?", 1))
	must(t, err)
	return db
}

// copies of a user's sessions that no cache has, offline and online ones, each with its clients.
const copies = `
WITH made AS (
  INSERT INTO offline_user_session (user_session_id, user_id, realm_id, created_on, offline_flag, data, last_session_refresh, broker_session_id, version)
    SELECT $2 || lpad(x::text, 20, '0'), s.user_id, s.realm_id, s.created_on, s.offline_flag, s.data, s.last_session_refresh, s.broker_session_id, s.version
    FROM generate_series(1, $3::int) x, (SELECT DISTINCT ON (offline_flag) * FROM offline_user_session WHERE user_id = $1 ORDER BY offline_flag) s)
INSERT INTO offline_client_session (user_session_id, client_id, offline_flag, "timestamp", data, client_storage_provider, external_client_id, version, realm_id)
  SELECT $2 || lpad(x::text, 20, '0'), c.client_id, c.offline_flag, c."timestamp", c.data, c.client_storage_provider, c.external_client_id, c.version, c.realm_id
  FROM generate_series(1, $3::int) x, (SELECT DISTINCT ON (offline_flag) * FROM offline_user_session WHERE user_id = $1 ORDER BY offline_flag) s
  JOIN offline_client_session c USING (user_session_id, offline_flag)`

// populate gives a user n more sessions of each kind that they have.
func (w *world) populate(t *testing.T, user, prefix string, n int) {
	t.Helper()
	db := w.database(t)
	defer func() { _ = db.Close(context.WithoutCancel(w.ctx)) }()
	_, err := db.Exec(w.ctx, copies, user, prefix, n)
	must(t, err)
}
