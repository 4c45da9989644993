-- name: LockSystemKey :exec
SELECT pg_advisory_xact_lock(hashtextextended(@name::text, 0));

-- name: NewestSystemKey :one
SELECT * FROM tokenstate.api_key
WHERE realm = @realm AND user_id = @user_id AND coalesce(org_id, '') = @org_id::text AND name = @name AND kind = 'system'
ORDER BY generation DESC LIMIT 1;

-- name: AddKey :exec
INSERT INTO tokenstate.api_key (id, realm, user_id, org_id, name, kind, digest, pepper_id, generation, created_at, expires_at, not_before, scopes, last_four, replaces)
VALUES (@id, @realm, @user_id, sqlc.narg(org_id), @name, @kind, @digest, @pepper_id, @generation, @created_at, sqlc.narg(expires_at), sqlc.narg(not_before),
    @scopes, sqlc.narg(last_four), sqlc.narg(replaces));

-- name: RevokeKey :one
UPDATE tokenstate.api_key SET revoked_at = coalesce(revoked_at, @revoked_at), revoked_by = coalesce(revoked_by, @revoked_by), blocked = blocked OR @blocked
WHERE id = @id RETURNING *;

-- name: FindKey :one
SELECT * FROM tokenstate.api_key WHERE id = @id;

-- name: AllKeys :many
SELECT * FROM tokenstate.api_key ORDER BY id;

-- name: PutServiceKey :exec
INSERT INTO tokenstate.service_key (name, realm, digest, pepper_id, scopes, orgs)
VALUES (@name, @realm, @digest, @pepper_id, @scopes, @orgs);

-- name: DeleteServiceKey :execrows
DELETE FROM tokenstate.service_key WHERE name = @name;

-- name: AllServiceKeys :many
SELECT * FROM tokenstate.service_key ORDER BY name;
