
-- name: DeleteSession :many
DELETE FROM tokenstate.offline_token WHERE realm = @realm AND user_id = @user_id AND session = @session
RETURNING client_id;

-- name: BindClient :many
UPDATE tokenstate.offline_token SET client = @client
WHERE realm = @realm AND client_id = @client_id AND client IS NULL
RETURNING *;

-- name: PutSecret :exec
INSERT INTO tokenstate.offline_token_secret (realm, session, client_id, key_id, ciphertext)
VALUES (@realm, @session, @client_id, @key_id, @ciphertext)
ON CONFLICT (realm, session, client_id) DO UPDATE SET key_id = excluded.key_id, ciphertext = excluded.ciphertext;

-- name: DropSecret :exec
DELETE FROM tokenstate.offline_token_secret WHERE realm = @realm AND session = @session AND client_id = @client_id;

-- name: GetSecret :one
SELECT s.key_id, s.ciphertext, t.issued_at_s, t.user_id
FROM tokenstate.offline_token_secret s
JOIN tokenstate.offline_token t USING (realm, session, client_id)
WHERE s.realm = @realm AND s.session = @session AND s.client_id = @client_id AND t.custody = 'sealed';

-- name: StoredToken :one
SELECT * FROM tokenstate.offline_token WHERE realm = @realm AND session = @session AND client_id = @client_id FOR UPDATE;

-- name: ImportPosition :one
SELECT position FROM tokenstate.import WHERE source = @source;

-- name: PutImportPosition :exec
INSERT INTO tokenstate.import (source, position) VALUES (@source, @position)
ON CONFLICT (source) DO UPDATE SET position = excluded.position, updated_at = now();

-- name: ForgetImport :exec
DELETE FROM tokenstate.import WHERE source = @source;

-- name: DisabledByBackend :many
SELECT user_id FROM tokenstate.fact_standing
WHERE realm = @realm AND authority = 'backend' AND disabled AND user_id <> '' AND client = '' AND session = '';
