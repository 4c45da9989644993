-- name: PutOutbox :exec
INSERT INTO tokenstate.outbox (id, raw) VALUES (@id, @raw) ON CONFLICT (id) DO NOTHING;

-- name: Outbox :many
SELECT id, raw, created_at FROM tokenstate.outbox WHERE relayed_at IS NULL ORDER BY n LIMIT @most;

-- name: Relayed :exec
UPDATE tokenstate.outbox SET relayed_at = now() WHERE id = ANY(@ids::text[]);

-- name: Rules :one
SELECT margin_ms, skew_ms, cache_lag_ms, sweep_ms, closed_sweep_ms FROM tokenstate.rules;

-- name: SetRules :exec
UPDATE tokenstate.rules SET margin_ms = @margin_ms, skew_ms = @skew_ms, cache_lag_ms = @cache_lag_ms,
    sweep_ms = @sweep_ms, closed_sweep_ms = @closed_sweep_ms;

-- name: Restored :exec
UPDATE tokenstate.epoch SET epoch = epoch + 1, confirmed = false WHERE confirmed OR epoch = 1;

-- name: Confirm :execrows
-- Only of the history in which reading began.
UPDATE tokenstate.epoch SET confirmed = true, confirmed_in = @history WHERE tokenstate.history() = @history::text;

-- name: Heartbeats :many
SELECT * FROM tokenstate.node_heartbeat ORDER BY node;

-- name: NowMillis :one
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint;

-- name: ParkedCount :one
SELECT count(*) FROM tokenstate.parked;

-- name: OutboxAge :one
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 FROM tokenstate.outbox WHERE relayed_at IS NULL;

-- name: PruneHeartbeats :execrows
DELETE FROM tokenstate.node_heartbeat
WHERE received_ms < (SELECT max(received_ms) FROM tokenstate.node_heartbeat) - @behind_ms::bigint AND lost_to_ms <= @read_ms::bigint;

-- name: HeardRealms :many
SELECT DISTINCT realm FROM (SELECT realm, id FROM tokenstate.journal ORDER BY n DESC LIMIT @latest) AS recent WHERE id LIKE '%/l';
