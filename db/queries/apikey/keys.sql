-- name: LockSystemKey :exec
SELECT pg_advisory_xact_lock(hashtextextended(@name::text, 0));

-- name: NewestSystemKey :one
SELECT * FROM tokenstate.api_key
WHERE realm = @realm AND user_id = @user_id AND coalesce(org_id, '') = @org_id::text AND name = @name
    AND (kind = 'system' OR kind = 'legacy' AND blocked) -- a name may have been blocked before it was ever minted here
ORDER BY kind = 'system', generation DESC LIMIT 1;

-- name: AddKey :exec
INSERT INTO tokenstate.api_key (id, realm, user_id, org_id, name, kind, digest, pepper_id, generation, created_at, expires_at, not_before, scopes, last_four, replaces, made_by)
VALUES (@id, @realm, @user_id, sqlc.narg(org_id), @name, @kind, @digest, @pepper_id, @generation, @created_at, sqlc.narg(expires_at), sqlc.narg(not_before),
    @scopes, sqlc.narg(last_four), sqlc.narg(replaces), sqlc.narg(made_by));

-- name: RevokeKey :one
UPDATE tokenstate.api_key SET revoked_at = coalesce(revoked_at, @revoked_at), revoked_by = coalesce(revoked_by, @revoked_by), blocked = blocked OR @blocked
WHERE id = @id RETURNING *;

-- name: FindKey :one
SELECT * FROM tokenstate.api_key WHERE id = @id;

-- name: FindLegacyKeys :many
SELECT * FROM tokenstate.api_key WHERE kind = 'legacy' AND digest = ANY (@digests::bytea[]);

-- name: PutServiceKey :exec
INSERT INTO tokenstate.service_key (name, realm, digest, pepper_id, scopes, orgs)
VALUES (@name, @realm, @digest, @pepper_id, @scopes, @orgs);

-- name: DeleteServiceKey :execrows
DELETE FROM tokenstate.service_key WHERE name = @name;

-- name: AllServiceKeys :many
SELECT * FROM tokenstate.service_key ORDER BY name;

-- name: ImportKeys :many
INSERT INTO tokenstate.api_key AS k (id, realm, user_id, org_id, name, kind, digest, pepper_id, created_at, expires_at, not_before, last_used_at)
SELECT i.id, i.realm, i.user_id, nullif(i.org_id, ''), i.name, 'legacy', i.digest, i.pepper_id, to_timestamp(i.created_s),
    to_timestamp(nullif(i.expires_s, 0)), to_timestamp(nullif(i.not_before_s, 0)), to_timestamp(nullif(i.last_used_s, 0))
FROM (SELECT
    unnest(@ids::text[]) AS id,
    unnest(@realms::text[]) AS realm,
    unnest(@user_ids::text[]) AS user_id,
    unnest(@org_ids::text[]) AS org_id,
    unnest(@names::text[]) AS name,
    unnest(@digests::bytea[]) AS digest,
    unnest(@pepper_ids::text[]) AS pepper_id,
    unnest(@created_ss::bigint[]) AS created_s,
    unnest(@expires_ss::bigint[]) AS expires_s,
    unnest(@not_before_ss::bigint[]) AS not_before_s,
    unnest(@last_used_ss::bigint[]) AS last_used_s
) i
ON CONFLICT (id) DO UPDATE
SET user_id = excluded.user_id, org_id = excluded.org_id, name = excluded.name, digest = excluded.digest, pepper_id = excluded.pepper_id,
    created_at = excluded.created_at, expires_at = excluded.expires_at, not_before = excluded.not_before,
    last_used_at = greatest(excluded.last_used_at, k.last_used_at)
WHERE (k.user_id, k.org_id, k.name, k.digest, k.pepper_id, k.created_at, k.expires_at, k.not_before)
    IS DISTINCT FROM (excluded.user_id, excluded.org_id, excluded.name, excluded.digest, excluded.pepper_id, excluded.created_at, excluded.expires_at, excluded.not_before)
RETURNING k.*;

-- name: HeldByOthers :many
SELECT i.id::text FROM (SELECT unnest(@ids::text[]) AS id, unnest(@digests::bytea[]) AS digest) i
JOIN tokenstate.api_key k ON k.digest = i.digest AND k.id <> i.id;

-- name: KnownKeys :many
SELECT id FROM tokenstate.api_key WHERE id = ANY (@ids::text[]);

-- name: LivingKeys :many
SELECT id, user_id, digest, pepper_id FROM tokenstate.api_key
WHERE kind = 'legacy' AND revoked_at IS NULL AND starts_with(id, @prefix) ORDER BY id;

-- name: LegacyNamed :many
SELECT id FROM tokenstate.api_key
WHERE realm = @realm AND user_id = @user_id AND coalesce(org_id, '') = @org_id::text AND name = @name AND kind = 'legacy'
    AND (revoked_at IS NULL OR @block::boolean AND NOT blocked)
ORDER BY id;
