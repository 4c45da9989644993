-- +goose Up
-- What the console may read: all that a verdict is made of and a story is told from, and nothing that a secret can be
-- found or tried by. It writes nothing at all: whatever it changes goes through authapi.

-- The feed bears digests of keys and credentials. The console follows facts and tokens; of the rest it needs to know only
-- that a version had something. The kinds are named one by one, so that a new kind is hidden until somebody has decided.
CREATE VIEW tokenstate.feed_shown AS
SELECT version, kind, key, nonce,
    (CASE WHEN kind IN ('token', 'standing', 'look', 'sighting', 'refusal', 'cutoff', 'pardon', 'doubt') THEN value END)::jsonb AS value
FROM tokenstate.feed;

-- A key as people may see it: without its digest, and without the pepper's name.
CREATE VIEW tokenstate.api_key_listed AS
SELECT id, realm, user_id, org_id, name, kind, generation, scopes, created_at, expires_at, not_before, revoked_at, revoked_by,
    blocked, last_four, last_used_at, replaces
FROM tokenstate.api_key;

-- Roles belong to the cluster: two databases migrated at once race for them. An owner may lack CREATEROLE, as in 00001.
-- +goose StatementBegin
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tokenstate_console') THEN
        CREATE ROLE tokenstate_console NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
-- +goose StatementEnd
GRANT USAGE ON SCHEMA tokenstate TO tokenstate_console;
GRANT SELECT ON tokenstate.fact_standing, tokenstate.fact_look, tokenstate.fact_sighting, tokenstate.fact_refusal,
    tokenstate.fact_cutoff, tokenstate.fact_pardon, tokenstate.fact_doubt, tokenstate.offline_token,
    tokenstate.feed_shown, tokenstate.feed_head, tokenstate.api_key_listed, tokenstate.rules, tokenstate.epoch,
    tokenstate.floor, tokenstate.lease, tokenstate.node_heartbeat, tokenstate.backfill, tokenstate.journal,
    tokenstate.journal_state, tokenstate.journal_export, tokenstate.parked, tokenstate.outbox, tokenstate.replay,
    tokenstate.act, tokenstate.act_head, tokenstate.audit, tokenstate.schema_range TO tokenstate_console;

-- +goose Down
DROP VIEW tokenstate.api_key_listed, tokenstate.feed_shown;
REVOKE ALL ON ALL TABLES IN SCHEMA tokenstate FROM tokenstate_console;
REVOKE USAGE ON SCHEMA tokenstate FROM tokenstate_console;
