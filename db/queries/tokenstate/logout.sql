-- name: TakeLogoutToken :execrows
INSERT INTO tokenstate.logout_token (realm, jti) VALUES (@realm, @jti) ON CONFLICT DO NOTHING;

-- name: ForgetLogoutTokens :exec
DELETE FROM tokenstate.logout_token WHERE seen_at < now() - interval '26 hours';

-- name: OrderWaits :one
SELECT EXISTS (SELECT 1 FROM tokenstate.outbox WHERE id = @id) AS waits;
