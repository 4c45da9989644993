-- name: NoticeMoment :one
-- What the feed has by now, and when that is.
SELECT clock_timestamp()::timestamptz AS at, version FROM tokenstate.feed_head;

-- name: NoticeStates :many
SELECT realm, user_id, client_id, key_id, type, cause, id FROM tokenstate.notice_state;

-- name: ReserveNotices :one
-- The row's lock orders all who write. Whoever knew what they tell at a moment that is long ago may have been frozen since.
UPDATE tokenstate.notice_head SET n = n + @count::bigint
WHERE clock_timestamp() < @until::timestamptz
RETURNING n;

-- name: TellNotice :execrows
-- Only in the place of the notice that it follows on: who lost a race tells nothing.
INSERT INTO tokenstate.notice_state AS s (realm, user_id, client_id, key_id, type, cause, id, at)
SELECT @realm, @user_id, @client_id, @key_id, @type, @cause, @id, @at::timestamptz
WHERE @last_id::text = '' OR EXISTS (
    SELECT FROM tokenstate.notice_state o
    WHERE (o.realm, o.user_id, o.client_id, o.key_id, o.id) = (@realm, @user_id, @client_id, @key_id, @last_id::text))
ON CONFLICT (realm, user_id, client_id, key_id) DO UPDATE SET type = excluded.type, cause = excluded.cause, id = excluded.id, at = excluded.at
WHERE s.id = @last_id::text;

-- name: AddNotice :execrows
-- One that is there already was told before somebody removed what is kept of that: it is not told twice.
INSERT INTO tokenstate.notice (n, id, at, type, realm, user_id, client_id, body)
VALUES (@number, @id, @at::timestamptz, @type, @realm, @user_id, @client_id, @body)
ON CONFLICT (id) DO NOTHING;

-- name: NoticesAfter :many
SELECT n, body FROM tokenstate.notice WHERE realm = @realm AND n > @after::bigint ORDER BY n LIMIT @most;

-- name: LastNotice :one
SELECT n FROM tokenstate.notice_head;

-- name: PruneNotices :execrows
DELETE FROM tokenstate.notice WHERE at < @before;

-- name: PruneNoticeStates :execrows
-- Those that say nothing but that all is well, and of keys and logins whose end has passed.
DELETE FROM tokenstate.notice_state
WHERE at < @before AND type IN ('io.tokenstate.login.restored', 'io.tokenstate.user.opened', 'io.tokenstate.key.expiring',
    'io.tokenstate.login.expiring');

-- name: KeyUses :many
-- When any key of these users was last used.
SELECT k.realm, k.user_id, (extract(epoch FROM max(k.last_used_at)) * 1000)::bigint AS used_ms
FROM tokenstate.api_key_listed k
JOIN (SELECT DISTINCT unnest(@realms::text[]) AS realm, unnest(@users::text[]) AS user_id) u USING (realm, user_id)
WHERE k.last_used_at IS NOT NULL
GROUP BY k.realm, k.user_id;

-- name: AddDeliveries :exec
INSERT INTO tokenstate.notice_delivery (endpoint, n) SELECT unnest(@endpoints::text[]), @number::bigint;

-- name: DueDeliveries :many
SELECT d.endpoint, d.n, d.attempts, o.id, o.body
FROM tokenstate.notice_delivery d JOIN tokenstate.notice o USING (n)
WHERE d.endpoint = @endpoint AND d.parked_at IS NULL AND d.next_at <= clock_timestamp()
ORDER BY d.next_at, d.n LIMIT @most;

-- name: TakeDelivery :execrows
-- Who counts the attempt makes it.
UPDATE tokenstate.notice_delivery SET attempts = attempts + 1, next_at = clock_timestamp() + make_interval(secs => @pause_s::float8)
WHERE endpoint = @endpoint AND n = @n AND attempts = @attempts AND parked_at IS NULL;

-- name: Delivered :exec
DELETE FROM tokenstate.notice_delivery WHERE endpoint = @endpoint AND n = @n;

-- name: DeliveryFailed :exec
UPDATE tokenstate.notice_delivery SET fault = @fault, parked_at = CASE WHEN @park::bool THEN clock_timestamp() END
WHERE endpoint = @endpoint AND n = @n AND attempts = @attempts;

-- name: ParkedDeliveries :many
SELECT d.endpoint, count(*) AS number, min(o.at)::timestamptz AS oldest, (array_agg(d.fault ORDER BY d.n DESC))[1]::text AS fault
FROM tokenstate.notice_delivery d JOIN tokenstate.notice o USING (n)
WHERE d.parked_at IS NOT NULL GROUP BY d.endpoint ORDER BY d.endpoint;

-- name: RetryDeliveries :execrows
UPDATE tokenstate.notice_delivery SET parked_at = NULL, attempts = 0, next_at = clock_timestamp()
WHERE endpoint = @endpoint AND parked_at IS NOT NULL;

-- name: DropDeliveries :execrows
DELETE FROM tokenstate.notice_delivery WHERE endpoint = @endpoint AND parked_at IS NOT NULL;
