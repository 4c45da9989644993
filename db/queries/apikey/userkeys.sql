-- name: OwnedKey :one
SELECT * FROM tokenstate.api_key
WHERE id = @id AND realm = @realm AND user_id = @user_id AND (cardinality(@orgs::text[]) = 0 OR org_id = ANY(@orgs::text[]))
FOR UPDATE;

-- name: ListKeys :many
-- Newest first, after the key that the cursor names.
SELECT * FROM tokenstate.api_key k
WHERE k.realm = @realm AND k.user_id = @user_id AND (@system::bool OR k.kind <> 'system')
    AND (cardinality(@orgs::text[]) = 0 OR k.org_id = ANY(@orgs::text[]))
    AND (@cursor::text = '' OR (k.created_at, k.id) < (SELECT c.created_at, c.id FROM tokenstate.api_key c
        WHERE c.id = @cursor AND c.realm = @realm AND c.user_id = @user_id))
ORDER BY k.created_at DESC, k.id DESC LIMIT @most;

-- name: LiveKeys :one
SELECT count(*) FROM tokenstate.api_key
WHERE realm = @realm AND user_id = @user_id AND kind <> 'system' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());

-- name: ExpireKey :one
UPDATE tokenstate.api_key SET expires_at = least(expires_at, @expires_at::timestamptz) WHERE id = @id RETURNING *;

-- name: Replaced :many
-- The keys that were rotated into this one and still live.
WITH RECURSIVE older AS (
    SELECT k.replaces AS id FROM tokenstate.api_key k WHERE k.id = @id
    UNION ALL
    SELECT k.replaces FROM tokenstate.api_key k JOIN older o ON k.id = o.id
)
SELECT k.id FROM tokenstate.api_key k JOIN older o ON o.id = k.id
WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now());

-- name: ClaimOnce :one
-- A claim that is more than a day old is forgotten. No row: somebody else holds it.
INSERT INTO tokenstate.once AS o (realm, caller, key, request, seed, key_id) VALUES (@realm, @caller, @key, @request, @seed, @key_id)
ON CONFLICT (realm, caller, key) DO UPDATE SET request = EXCLUDED.request, seed = EXCLUDED.seed, key_id = EXCLUDED.key_id, created_at = now()
WHERE o.created_at <= now() - interval '24 hours'
RETURNING key_id;

-- name: FindOnce :one
SELECT * FROM tokenstate.once WHERE realm = @realm AND caller = @caller AND key = @key;

-- name: ForgetOnce :exec
DELETE FROM tokenstate.once WHERE created_at <= now() - interval '24 hours';

-- name: PutMember :execrows
INSERT INTO tokenstate.org_member (realm, org_id, user_id) VALUES (@realm, @org_id, @user_id) ON CONFLICT DO NOTHING;

-- name: DeleteMember :execrows
DELETE FROM tokenstate.org_member WHERE realm = @realm AND org_id = @org_id AND user_id = @user_id;
