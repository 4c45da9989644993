-- name: TokensAfter :many
-- By realm, session and client, after a place of that order.
SELECT * FROM tokenstate.offline_token
WHERE (realm, session, client_id) > (@after_realm::text, @after_session::text, @after_client::text)
    AND (@realm::text = '' OR realm = @realm) AND (@client_id::text = '' OR client_id = @client_id)
    AND (@custody::text = '' OR custody = @custody)
ORDER BY realm, session, client_id LIMIT @most;

-- name: OrdersLately :many
-- Orders and pardons among the latest messages of the log, the latest first: the journal has no index by class.
SELECT * FROM (SELECT * FROM tokenstate.journal ORDER BY n DESC LIMIT @among) AS recent
WHERE class IN ('order', 'pardon') ORDER BY n DESC LIMIT @most;

-- name: ParkedLately :many
SELECT stream_created, seq, received_ms, subject, reason, raw FROM tokenstate.parked
ORDER BY received_ms DESC, seq DESC LIMIT @most;

-- name: LogState :one
SELECT f.stream, f.stream_created, f.seq, l.name AS holder, l.until AS held_until, j.exported_n, j.pruned_n,
    (SELECT coalesce(max(n), 0)::bigint FROM tokenstate.journal) AS journal_n,
    (SELECT count(*) FROM tokenstate.outbox o WHERE o.relayed_at IS NULL) AS waiting,
    (SELECT count(*) FROM tokenstate.parked) AS parked
FROM tokenstate.floor f CROSS JOIN tokenstate.journal_state j LEFT JOIN tokenstate.lease l ON true;

-- name: Replays :many
SELECT source, position, updated_at FROM tokenstate.replay ORDER BY source LIMIT 100;
