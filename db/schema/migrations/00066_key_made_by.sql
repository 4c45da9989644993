-- +goose Up
-- Who made a key: a service credential, as the audit calls it. NULL: a key from before this column, or an imported one.
ALTER TABLE tokenstate.api_key ADD COLUMN made_by text;

-- Whoever tells a key's story may be the console, which reads this view alone; so the others read it, too.
CREATE OR REPLACE VIEW tokenstate.api_key_listed AS
SELECT id, realm, user_id, org_id, name, kind, generation, scopes, created_at, expires_at, not_before, revoked_at, revoked_by,
    blocked, last_four, last_used_at, replaces, made_by
FROM tokenstate.api_key;
GRANT SELECT ON tokenstate.api_key_listed TO tokenstate_authapi, tokenstate_worker, tokenstate_read;

-- +goose Down
DROP VIEW tokenstate.api_key_listed;
CREATE VIEW tokenstate.api_key_listed AS
SELECT id, realm, user_id, org_id, name, kind, generation, scopes, created_at, expires_at, not_before, revoked_at, revoked_by,
    blocked, last_four, last_used_at, replaces
FROM tokenstate.api_key;
GRANT SELECT ON tokenstate.api_key_listed TO tokenstate_console;
ALTER TABLE tokenstate.api_key DROP COLUMN made_by;
