-- name: ListedKeys :many
-- By id, after one. A user of "" is everybody; unused_before is compared with the last use, or with the making of a key that
-- was never used.
SELECT * FROM tokenstate.api_key_listed
WHERE id > @after_id::text
    AND (@realm::text = '' OR realm = @realm) AND (@user_id::text = '' OR user_id = @user_id) AND (@kind::text = '' OR kind = @kind)
    AND (NOT @live::bool OR revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()))
    AND (sqlc.narg(unused_before)::timestamptz IS NULL OR coalesce(last_used_at, created_at) < sqlc.narg(unused_before))
    AND (sqlc.narg(ends_before)::timestamptz IS NULL OR expires_at < sqlc.narg(ends_before))
ORDER BY id LIMIT @most;

-- name: ListedKey :one
SELECT * FROM tokenstate.api_key_listed WHERE id = @id;

-- name: ActsBefore :many
-- The latest first; before 0 is from the end.
SELECT n, at_ms, realm, actor, action, target, status, times, request FROM tokenstate.act
WHERE (@before::bigint = 0 OR n < @before)
    AND (@actor::text = '' OR actor = @actor) AND (@target::text = '' OR target = @target) AND (@action::text = '' OR action = @action)
ORDER BY n DESC LIMIT @most;
