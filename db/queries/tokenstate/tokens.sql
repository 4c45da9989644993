
-- name: DeleteSession :many
DELETE FROM tokenstate.offline_token WHERE realm = @realm AND user_id = @user_id AND session = @session
RETURNING client_id;

-- name: BindClient :many
UPDATE tokenstate.offline_token SET client = @client
WHERE realm = @realm AND client_id = @client_id AND client IS NULL
RETURNING *;

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

-- name: Reach :one
-- What an order covers: stored tokens, and keys that are neither revoked nor expired. An empty text is any.
WITH t AS (
    SELECT o.user_id FROM tokenstate.offline_token o
    WHERE @tokens::boolean AND o.realm = @realm AND (@user_id::text = '' OR o.user_id = @user_id)
        AND (@session::text = '' OR o.session = @session) AND (@client::text = '' OR o.client = @client)
        AND o.issued_at_s < @before_s::bigint
), k AS (
    SELECT a.user_id FROM tokenstate.api_key a
    WHERE @keys::boolean AND a.realm = @realm AND (@user_id = '' OR a.user_id = @user_id)
        AND a.revoked_at IS NULL AND (a.expires_at IS NULL OR a.expires_at > now())
        AND extract(epoch FROM greatest(a.created_at, a.not_before)) < @before_s
)
SELECT (SELECT count(*) FROM t) AS tokens, (SELECT count(*) FROM k) AS keys,
    (SELECT count(*) FROM (SELECT user_id FROM t UNION SELECT user_id FROM k) AS covered) AS users;

-- name: NamedInJournal :one
SELECT EXISTS (SELECT 1 FROM tokenstate.journal j WHERE j.realm = @realm AND j.about && @names::text[]);
