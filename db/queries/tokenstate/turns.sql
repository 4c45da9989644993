-- name: TakeTurn :one
-- One statement decides between replicas. A turn whose time is up without an end belongs to who
-- crashed or has no answer: then nobody knows what became of the refresh. A result stays until
-- there is a better one.
INSERT INTO tokenstate.refresh_turn AS r (realm, session, client_id, turn, until)
SELECT t.realm, t.session, t.client_id, @turn, clock_timestamp() + make_interval(secs => @lease_s::float8)
FROM tokenstate.offline_token t
WHERE t.realm = @realm AND t.session = @session AND t.client_id = @client_id AND t.custody = 'sealed'
ON CONFLICT (realm, session, client_id) DO UPDATE
SET turn = excluded.turn, until = excluded.until, unsure = r.unsure OR r.until IS NOT NULL
WHERE coalesce(r.until <= clock_timestamp(), true)
    AND coalesce(r.expires_at < clock_timestamp() + make_interval(secs => @min_valid_s::float8)
        OR r.had_at < clock_timestamp() - make_interval(secs => @max_age_s::float8), true)
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
    expires_at = clock_timestamp() + make_interval(secs => @left_s::float8),
    key_id = @key_id::text, ciphertext = @ciphertext::bytea, until = NULL, unsure = false
WHERE realm = @realm AND session = @session AND client_id = @client_id AND turn = @turn;

-- name: LeaveTurn :exec
UPDATE tokenstate.refresh_turn
SET until = CASE WHEN @settle_s::float8 > 0 THEN clock_timestamp() + make_interval(secs => @settle_s) END, unsure = @settle_s > 0
WHERE realm = @realm AND session = @session AND client_id = @client_id AND turn = @turn;

-- name: ForgetResult :exec
UPDATE tokenstate.refresh_turn SET had_at = NULL, expires_at = NULL, key_id = NULL, ciphertext = NULL
WHERE realm = @realm AND session = @session AND client_id = @client_id;

-- name: PruneTurns :execrows
DELETE FROM tokenstate.refresh_turn WHERE until IS NULL AND coalesce(expires_at < clock_timestamp(), true);
