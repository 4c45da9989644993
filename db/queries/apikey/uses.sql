-- name: MarkUsed :exec
-- Rows that somebody holds are left out: two replicas must not wait for each other here.
WITH free AS (
    SELECT k.id FROM tokenstate.api_key k WHERE k.id = ANY(@ids::text[]) ORDER BY k.id FOR UPDATE SKIP LOCKED
), used AS (
    SELECT unnest(@ids::text[]) AS id, unnest(@ats::timestamptz[]) AS at
)
UPDATE tokenstate.api_key k SET last_used_at = used.at FROM used JOIN free ON free.id = used.id
WHERE k.id = used.id AND (k.last_used_at IS NULL OR k.last_used_at < used.at);

-- name: RedigestKey :one
UPDATE tokenstate.api_key SET digest = @digest, pepper_id = @pepper_id WHERE id = @id AND digest = @old RETURNING *;

-- name: RedigestServiceKey :one
UPDATE tokenstate.service_key SET digest = @digest, pepper_id = @pepper_id WHERE name = @name AND digest = @old RETURNING *;

-- name: DigestsByPepper :many
SELECT pepper_id, count(*) FILTER (WHERE what = 'key') AS keys, count(*) FILTER (WHERE what = 'service_key') AS service_keys FROM (
    SELECT pepper_id, 'key' AS what FROM tokenstate.api_key WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    UNION ALL SELECT pepper_id, 'service_key' FROM tokenstate.service_key
) d GROUP BY pepper_id ORDER BY pepper_id;

-- name: LiveSystemKeys :many
SELECT * FROM tokenstate.api_key WHERE kind = 'system' AND revoked_at IS NULL AND id > @after ORDER BY id LIMIT @most;

-- name: KeysToRevoke :many
-- For operators: live keys of a realm, by any of kind, owner and time of making.
SELECT * FROM tokenstate.api_key
WHERE realm = @realm AND revoked_at IS NULL AND (@kind::text = '' OR kind = @kind) AND (@user_id::text = '' OR user_id = @user_id)
    AND (sqlc.narg(before)::timestamptz IS NULL OR created_at < sqlc.narg(before)) AND id > @after
ORDER BY id LIMIT @most;
