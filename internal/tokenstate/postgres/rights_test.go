package postgres

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const forbidden = "42501"

// Ensure the tables hold each role to what is its own: authapi says nothing in Keycloak's name, takes back
// no cutoff of another source and settles no doubt; nobody revives a key or makes it another's; and who
// only reads sees no digest.
func TestRolesKeepToTheirOwn(t *testing.T) {
	pool := newPool(t)
	for _, sql := range []string{
		"INSERT INTO tokenstate.fact_standing VALUES ('r', 'u', '', '', '', 'keycloak', '', 1, 't', false, true, false, 0, '', 'look')",
		"INSERT INTO tokenstate.fact_cutoff VALUES ('r', 'u', '', '', '', 'event', 5000, 't', 5, 5000, true, true, 'user_deleted')",
		"INSERT INTO tokenstate.api_key (id, realm, user_id, name, kind, digest, pepper_id, revoked_at, blocked) VALUES ('k', 'r', 'u', 'n', 'user', decode(repeat('00', 32), 'hex'), 'p', now(), true)",
		"INSERT INTO tokenstate.service_key (name, realm, digest, pepper_id, scopes) VALUES ('s', 'r', decode(repeat('01', 32), 'hex'), 'p', '{decide}')",
	} {
		_, err := pool.Exec(t.Context(), sql)
		must(t, err)
	}
	for _, c := range []struct {
		role, sql string
		may       bool
	}{
		{"tokenstate_authapi", "INSERT INTO tokenstate.fact_standing VALUES ('r', 'u', '', '', '', 'keycloak', 'kc', 9, 't', false, false, false, 0, '', 'c')", false},
		{"tokenstate_authapi", "INSERT INTO tokenstate.fact_standing VALUES ('r', 'u', '', '', '', 'keycloak', '', 9, 't', false, false, false, 0, '', 'c') ON CONFLICT (realm, user_id, client, session, key, authority, node) DO UPDATE SET disabled = false", false},
		{"tokenstate_authapi", "INSERT INTO tokenstate.fact_standing VALUES ('r', 'u', '', '', '', 'backend', '', 9, 't', false, true, false, 0, '', 'c')", true},
		{"tokenstate_authapi", "INSERT INTO tokenstate.fact_cutoff VALUES ('r', 'u', '', '', '', 'x', 5000, 't', 5, 5000, true, true, 'user_deleted')", false},
		{"tokenstate_authapi", "INSERT INTO tokenstate.fact_cutoff VALUES ('r', 'u', '', '', '', 'event', 0, 't', 0, 0, true, true, 'revoked_by_order') ON CONFLICT (realm, user_id, client, session, key, cause) DO UPDATE SET before_s = 0, at_ms = 0", false},
		{"tokenstate_authapi", "INSERT INTO tokenstate.fact_cutoff VALUES ('r', 'u', '', '', '', 'x', 5000, 't', 5, 5000, true, true, 'revoked_by_order')", true},
		{"tokenstate_authapi", "INSERT INTO tokenstate.fact_doubt VALUES ('r', 'u', '', '', '', false, true, '', 9, 't', 'e')", false},
		{"tokenstate_authapi", "INSERT INTO tokenstate.fact_doubt VALUES ('r', 'u', '', '', '', false, false, '', 9, 't', 'e')", true},
		{"tokenstate_authapi", "UPDATE tokenstate.api_key SET revoked_at = NULL", false},
		{"tokenstate_authapi", "UPDATE tokenstate.api_key SET blocked = false", false},
		{"tokenstate_authapi", "UPDATE tokenstate.api_key SET user_id = 'v'", false},
		{"tokenstate_authapi", "UPDATE tokenstate.api_key SET created_at = now() + interval '1 hour'", false},
		{"tokenstate_authapi", "UPDATE tokenstate.api_key SET last_used_at = now(), digest = decode(repeat('02', 32), 'hex')", true},
		{"tokenstate_authapi", "UPDATE tokenstate.service_key SET scopes = '{standing}'", false},
		{"tokenstate_authapi", "UPDATE tokenstate.service_key SET digest = decode(repeat('02', 32), 'hex'), pepper_id = 'q'", true},
		{"tokenstate_worker", "INSERT INTO tokenstate.fact_standing VALUES ('r', 'u', '', '', '', 'keycloak', 'kc', 9, 't', false, false, false, 0, '', 'c')", true},
		{"tokenstate_worker", "INSERT INTO tokenstate.fact_doubt VALUES ('r', 'u', '', '', '', false, true, '', 9, 't', 'e')", true},
		{"tokenstate_worker", "UPDATE tokenstate.api_key SET user_id = 'v'", false},
		{"tokenstate_worker", "DELETE FROM tokenstate.fact_look", true},
		{"tokenstate_worker", "DELETE FROM tokenstate.fact_cutoff", false},
		{"tokenstate_authapi", "DELETE FROM tokenstate.fact_look", false},
		{"tokenstate_read", "DELETE FROM tokenstate.fact_look", false},
		{"tokenstate_read", "SELECT * FROM tokenstate.feed", false},
		{"tokenstate_read", "SELECT * FROM tokenstate.fact_standing", true},
		{"tokenstate_read", "SELECT * FROM tokenstate.offline_token_state", true},
		{"tokenstate_console", "SELECT * FROM tokenstate.feed", true},
		{"tokenstate_console", "SELECT * FROM tokenstate.offline_token_state", true},
		{"tokenstate_console", "SELECT * FROM tokenstate.feed_shown", true},
		{"tokenstate_console", "SELECT * FROM tokenstate.api_key", false},
		{"tokenstate_console", "SELECT * FROM tokenstate.api_key_listed", true},
		{"tokenstate_authapi", "SELECT * FROM tokenstate.api_key_listed", true},
		{"tokenstate_console", "SELECT * FROM tokenstate.service_key", false},
		{"tokenstate_console", "SELECT * FROM tokenstate.offline_token_secret", false},
		{"tokenstate_console", "SELECT * FROM tokenstate.refresh_turn", false},
		{"tokenstate_console", "SELECT * FROM tokenstate.once", false},
		{"tokenstate_console", "SELECT * FROM tokenstate.act", true},
	} {
		if err := asRole(t.Context(), pool, c.role, c.sql); (err == nil) != c.may {
			t.Errorf("%s: %s: %v", c.role, c.sql, err)
		} else if refused, ok := errors.AsType[*pgconn.PgError](err); err != nil && (!ok || refused.Code != forbidden) {
			t.Errorf("%s: %s fails for another reason: %v", c.role, c.sql, err)
		}
	}
}

type beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// asRole tries a statement and leaves nothing of it.
func asRole(ctx context.Context, db beginner, role, sql string) error {
	tx, err := db.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := tx.Exec(ctx, "SET LOCAL ROLE "+role); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sql)
	return err
}

// Ensure the console can change nothing: of all tables and sequences there is none that it may write.
func TestConsoleOnlyReads(t *testing.T) {
	pool := newPool(t)
	rows, err := pool.Query(t.Context(), `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'tokenstate' AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
			AND has_any_column_privilege('tokenstate_console', c.oid, 'INSERT, UPDATE')
			OR n.nspname = 'tokenstate' AND c.relkind IN ('r', 'v', 'm', 'p', 'f') AND has_table_privilege('tokenstate_console', c.oid, 'DELETE, TRUNCATE')
			OR n.nspname = 'tokenstate' AND c.relkind = 'S' AND has_sequence_privilege('tokenstate_console', c.oid, 'USAGE, UPDATE')`)
	must(t, err)
	writable, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	if len(writable) > 0 {
		t.Errorf("the console may write %v", writable)
	}
}
