-- name: TakeLogoutToken :execrows
INSERT INTO tokenstate.logout_token (realm, jti) VALUES (@realm, @jti) ON CONFLICT DO NOTHING;

-- name: ForgetLogoutTokens :exec
DELETE FROM tokenstate.logout_token WHERE seen_at < now() - interval '26 hours';

-- name: OutboxByID :many
SELECT id, raw FROM tokenstate.outbox WHERE id = ANY(@ids::text[]) ORDER BY n;
