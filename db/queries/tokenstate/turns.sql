-- name: TakeTurn :one
-- One statement decides between replicas. A row without a result whose time is up belongs to who
-- crashed or has no answer: then nobody knows what became of the refresh.
INSERT INTO tokenstate.refresh_turn AS r (realm, session, client_id, turn, until)
SELECT t.realm, t.session, t.client_id, @turn, clock_timestamp() + make_interval(secs => @lease_s::float8)
FROM tokenstate.offline_token t
WHERE t.realm = @realm AND t.session = @session AND t.client_id = @client_id AND t.custody = 'sealed'
ON CONFLICT (realm, session, client_id) DO UPDATE
SET turn = excluded.turn, until = excluded.until, unsure = r.ciphertext IS NULL,
    had_at = NULL, expires_at = NULL, key_id = NULL, ciphertext = NULL
WHERE CASE WHEN r.ciphertext IS NULL THEN r.until <= clock_timestamp()
    ELSE r.expires_at < clock_timestamp() + make_interval(secs => @min_valid_s::float8)
        OR r.had_at < clock_timestamp() - make_interval(secs => @max_age_s::float8) END
RETURNING r.unsure;

-- name: TurnResult :one
SELECT t.user_id, r.key_id, r.ciphertext,
    coalesce(extract(epoch FROM clock_timestamp() - r.had_at), 0)::float8 AS age_s,
    coalesce(extract(epoch FROM r.expires_at - clock_timestamp()), 0)::float8 AS left_s
FROM tokenstate.offline_token t
LEFT JOIN tokenstate.refresh_turn r USING (realm, session, client_id)
WHERE t.realm = @realm AND t.session = @session AND t.client_id = @client_id AND t.custody = 'sealed';

-- name: FinishTurn :exec
UPDATE tokenstate.refresh_turn
SET had_at = clock_timestamp() - make_interval(secs => @took_s::float8),
    expires_at = clock_timestamp() + make_interval(secs => @left_s::float8), unsure = false,
    key_id = @key_id::text, ciphertext = @ciphertext::bytea
WHERE realm = @realm AND session = @session AND client_id = @client_id AND turn = @turn;

-- name: EndTurn :exec
DELETE FROM tokenstate.refresh_turn
WHERE realm = @realm AND session = @session AND client_id = @client_id AND turn = @turn;

-- name: LeaveTurn :exec
UPDATE tokenstate.refresh_turn SET until = clock_timestamp()
WHERE realm = @realm AND session = @session AND client_id = @client_id AND turn = @turn AND ciphertext IS NULL;

-- name: ForgetResult :exec
DELETE FROM tokenstate.refresh_turn
WHERE realm = @realm AND session = @session AND client_id = @client_id AND ciphertext IS NOT NULL;

-- name: PruneTurns :execrows
DELETE FROM tokenstate.refresh_turn WHERE expires_at < clock_timestamp();
