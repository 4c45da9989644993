-- name: AddJournal :many
INSERT INTO tokenstate.journal (id, seq, received_ms, realm, class, raw, about)
SELECT unnest(@ids::text[]), unnest(@seqs::bigint[]), unnest(@received_mss::bigint[]),
    unnest(@realms::text[]), unnest(@classes::text[]), unnest(@raws::bytea[]), string_to_array(unnest(@abouts::text[]), chr(31))
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- name: AddParked :exec
INSERT INTO tokenstate.parked (stream_created, seq, received_ms, subject, reason, raw)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING;

-- name: PutHeartbeat :exec
INSERT INTO tokenstate.node_heartbeat AS t (node, at_ms, received_ms, value, lost_from_ms, lost_to_ms, clash_ms, earlier)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (node) DO UPDATE SET at_ms = excluded.at_ms, received_ms = excluded.received_ms, value = excluded.value,
    lost_from_ms = excluded.lost_from_ms, lost_to_ms = excluded.lost_to_ms, clash_ms = excluded.clash_ms, earlier = excluded.earlier
WHERE excluded.received_ms > t.received_ms;

-- name: Announce :one
-- One statement, for all other writers wait from the head's update until the commit: each one more is a round trip more.
WITH bumped AS (
    UPDATE tokenstate.feed_head SET version = version + 1, nonce = @nonce RETURNING version
), fed AS (
    INSERT INTO tokenstate.feed (version, nonce, names) SELECT bumped.version, @nonce, @names FROM bumped
)
SELECT bumped.version FROM bumped, pg_notify('tokenstate_feed', bumped.version::text);

-- name: MoveFloor :execrows
UPDATE tokenstate.floor SET stream = @stream, stream_created = @stream_created, seq = @seq, digest = @digest
WHERE seq = @old_seq AND digest = @old_digest;

-- name: Floor :one
SELECT stream, stream_created, seq, digest FROM tokenstate.floor;

-- name: Epoch :one
SELECT epoch, (CASE WHEN confirmed THEN confirmed_in ELSE '' END)::text AS confirmed_in, tokenstate.history()::text AS history,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms FROM tokenstate.epoch;

-- name: Head :one
SELECT version, nonce, pruned FROM tokenstate.feed_head;

-- name: Ancestor :one
-- What a primary knows of a version that a standby is at: its nonce, '' if there is none.
SELECT h.version, tokenstate.history()::text AS history, (CASE WHEN h.version = sqlc.arg(at)::bigint THEN h.nonce
    ELSE coalesce((SELECT f.nonce FROM tokenstate.feed f WHERE f.version = sqlc.arg(at)::bigint), '') END)::text AS nonce
FROM tokenstate.feed_head h;

-- name: FeedSince :many
SELECT h.version AS head, h.pruned, f.version, f.nonce, f.names
FROM tokenstate.feed_head h
LEFT JOIN tokenstate.feed f ON f.version > sqlc.arg(after)::bigint AND f.version <= sqlc.arg(until)::bigint
ORDER BY f.version;

-- name: PutToken :many
-- A token, and its ciphertext where it is sealed. In one statement: of two that are sent together the second might be cut off,
-- and Postgres would wait for the rest of it, with the token's row locked, for as long as it takes.
WITH sealed AS (
    INSERT INTO tokenstate.offline_token_secret (realm, session, client_id, key_id, ciphertext)
    SELECT @realm, @session, @client_id, @key_id::text, @ciphertext::bytea WHERE @custody::text = 'sealed'
    ON CONFLICT (realm, session, client_id) DO UPDATE SET key_id = excluded.key_id, ciphertext = excluded.ciphertext
), dropped AS (
    DELETE FROM tokenstate.offline_token_secret s
    WHERE @custody <> 'sealed' AND s.realm = @realm AND s.session = @session AND s.client_id = @client_id
)
INSERT INTO tokenstate.offline_token AS t (realm, user_id, client, client_id, session, issued_at_s, expires_at_s, custody, verified, scope, issuer)
VALUES (@realm, @user_id, sqlc.narg(client), @client_id, @session, @issued_at_s, @expires_at_s, @custody, @verified, @scope, @issuer)
ON CONFLICT (realm, session, client_id) DO UPDATE
SET user_id = excluded.user_id, client = coalesce(excluded.client, t.client), issued_at_s = excluded.issued_at_s,
    expires_at_s = excluded.expires_at_s, custody = excluded.custody, verified = excluded.verified,
    scope = coalesce(nullif(excluded.scope, ''), t.scope), issuer = coalesce(nullif(excluded.issuer, ''), t.issuer)
WHERE excluded.issued_at_s >= t.issued_at_s
    AND (excluded.user_id, coalesce(excluded.client, t.client), excluded.issued_at_s, excluded.expires_at_s, excluded.custody, excluded.verified,
            coalesce(nullif(excluded.scope, ''), t.scope), coalesce(nullif(excluded.issuer, ''), t.issuer))
        IS DISTINCT FROM (t.user_id, t.client, t.issued_at_s, t.expires_at_s, t.custody, t.verified, t.scope, t.issuer)
RETURNING t.*;

-- name: LockSeat :exec
-- A row that is not there yet cannot be locked: who stores first in a seat is waited for.
SELECT pg_advisory_xact_lock(hashtextextended(json_build_array(@realm::text, @session::text, @client_id::text)::text, 0));

-- name: ListTokens :many
SELECT * FROM tokenstate.offline_token ORDER BY realm, session, client_id;

-- name: TokensNamed :many
-- Of a user or of a session; realm '': of any.
SELECT * FROM tokenstate.offline_token
WHERE (user_id = @name OR session = @name) AND (@realm::text = '' OR realm = @realm) ORDER BY realm, session, client_id;
