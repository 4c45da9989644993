-- name: JournalPage :many
SELECT * FROM tokenstate.journal WHERE n > sqlc.arg(after) ORDER BY n LIMIT sqlc.arg(most);

-- name: JournalByID :many
SELECT * FROM tokenstate.journal WHERE id = ANY(@ids::text[]) ORDER BY n;

-- name: JournalAbout :many
SELECT * FROM tokenstate.journal
WHERE about && @names::text[] AND (@realm::text = '' OR realm = @realm) ORDER BY received_ms, n LIMIT sqlc.arg(most);

-- name: LastHeartbeat :many
SELECT * FROM tokenstate.journal WHERE class = 'heartbeat' ORDER BY n DESC LIMIT 1;

-- name: RealmsHeard :many
SELECT realm FROM tokenstate.fact_standing WHERE user_id = '' AND client = '' AND session = '' AND key = ''
UNION SELECT realm FROM tokenstate.offline_token UNION SELECT realm FROM tokenstate.api_key ORDER BY realm;

-- name: OrdersBefore :many
-- The newest first.
SELECT * FROM tokenstate.journal
WHERE class IN ('order', 'pardon') AND (@realm::text = '' OR realm = @realm) AND n < sqlc.arg(before) ORDER BY n DESC LIMIT sqlc.arg(most);

-- name: HaveOutbox :many
SELECT id, raw FROM tokenstate.outbox o WHERE NOT EXISTS (SELECT 1 FROM tokenstate.journal j WHERE j.id = o.id) ORDER BY n;

-- name: JournalState :one
SELECT (SELECT count(*) FROM tokenstate.journal) AS lines, exported_n, pruned_n FROM tokenstate.journal_state;

-- name: JournalExported :exec
UPDATE tokenstate.journal_state SET exported_n = greatest(exported_n, @n);

-- name: JournalRange :one
-- Call it while no line is being written: LockJournal.
SELECT coalesce(min(n), 0)::bigint AS first, coalesce(max(n), 0)::bigint AS last FROM tokenstate.journal WHERE n > sqlc.arg(after);

-- name: LockJournal :exec
-- Numbers are drawn before the commit: a smaller one may come later. Who draws one holds a lock that
-- this one waits for.
LOCK TABLE tokenstate.journal IN SHARE MODE;

-- name: AddJournalExport :exec
INSERT INTO tokenstate.journal_export (from_n, to_n, lines, file, sha256, by_schema) VALUES ($1, $2, $3, $4, $5, $6);

-- name: JournalExports :many
-- Those that hold lines which are still there; the latest first.
SELECT from_n, to_n, lines, file, sha256, made_at FROM tokenstate.journal_export e
WHERE EXISTS (SELECT 1 FROM tokenstate.journal j WHERE j.n BETWEEN e.from_n AND e.to_n) ORDER BY made_at DESC LIMIT sqlc.arg(most);

-- name: PruneJournal :one
-- What a present fact names as its cause stays, if the fact closes anything: explain and events tell of it. A cause that
-- is Keycloak's event is named without the suffix that the listener's and the backfill's message of it bear.
WITH named AS (
    SELECT s.cause FROM tokenstate.fact_standing s WHERE s.gone OR s.disabled OR s.no_offline OR s.not_before_s > 0
    UNION SELECT f.cause FROM tokenstate.fact_sighting f WHERE f.gone
    UNION SELECT r.cause FROM tokenstate.fact_refusal r WHERE r.refused
    UNION SELECT c.cause FROM tokenstate.fact_cutoff c
), causes AS (
    SELECT n.cause || suffix AS id FROM named n, unnest(ARRAY['', '/l', '/b']) suffix
), gone AS (
    DELETE FROM tokenstate.journal j
    WHERE j.received_ms < @before_ms::bigint
        AND EXISTS (SELECT 1 FROM tokenstate.journal_export e WHERE j.n BETWEEN e.from_n AND e.to_n)
        AND NOT EXISTS (SELECT 1 FROM causes WHERE causes.id = j.id)
        AND j.class <> 'pardon'
    RETURNING j.n
), noted AS (
    UPDATE tokenstate.journal_state SET pruned_n = greatest(pruned_n, (SELECT max(gone.n) FROM gone)) WHERE EXISTS (SELECT 1 FROM gone)
)
SELECT count(*) FROM gone;

-- PruneFeed keeps the last version, whose nonce its readers compare.
-- name: PruneFeed :one
WITH bound AS (
    SELECT least((SELECT coalesce(max(f.version), 0) FROM tokenstate.feed f WHERE f.made_at < @before), (SELECT h.version - 1 FROM tokenstate.feed_head h))::bigint AS version
), gone AS (
    DELETE FROM tokenstate.feed f USING bound b WHERE f.version <= b.version RETURNING f.version
), noted AS (
    UPDATE tokenstate.feed_head h SET pruned = b.version FROM bound b WHERE b.version > h.pruned
)
SELECT count(*) FROM gone;

-- name: PruneFeedAll :exec
WITH head AS (SELECT version FROM tokenstate.feed_head),
gone AS (DELETE FROM tokenstate.feed f USING head h WHERE f.version < h.version OR f.version > h.version)
UPDATE tokenstate.feed_head SET pruned = greatest(version - 1, 0);

-- name: PruneOutbox :execrows
DELETE FROM tokenstate.outbox o WHERE o.relayed_at < @before AND EXISTS (SELECT 1 FROM tokenstate.journal j WHERE j.id = o.id);

-- name: FeedState :one
SELECT h.version, h.pruned, (SELECT count(*) FROM tokenstate.feed f WHERE f.version > h.pruned AND f.version <= h.version) AS present,
    (SELECT count(*) FROM tokenstate.feed f WHERE f.version > h.version OR f.version <= h.pruned) AS outside
FROM tokenstate.feed_head h;

-- name: SaveReplay :exec
INSERT INTO tokenstate.replay (source, position) VALUES ($1, $2)
ON CONFLICT (source) DO UPDATE SET position = excluded.position, updated_at = now();

-- name: ReplayAt :one
SELECT position FROM tokenstate.replay WHERE source = $1;

-- name: EndReplay :exec
DELETE FROM tokenstate.replay WHERE source = $1;

-- name: BlankJournal :exec
UPDATE tokenstate.journal SET raw = @raw WHERE id = @id;

-- name: EraseTokens :many
-- Those that were stored before, by the database's clock.
DELETE FROM tokenstate.offline_token
WHERE realm = @realm AND user_id = @user_id AND (extract(epoch FROM registered_at) * 1000)::bigint <= @until_ms::bigint RETURNING *;

-- name: Arrived :one
SELECT received_ms FROM tokenstate.journal WHERE id = @id;

-- name: ListParked :many
SELECT stream_created, seq, received_ms, subject, reason, raw FROM tokenstate.parked ORDER BY stream_created, seq;

-- name: DropParked :execrows
DELETE FROM tokenstate.parked WHERE stream_created = @stream_created AND seq = @seq;

-- name: AddAudit :exec
INSERT INTO tokenstate.audit (actor, action, detail) VALUES ($1, $2, $3);

-- name: Backfills :many
SELECT * FROM tokenstate.backfill ORDER BY realm;

-- name: PutBackfill :exec
INSERT INTO tokenstate.backfill AS t (realm, upto_ms, missed_ms, known_ms) VALUES ($1, $2, $3, $4)
ON CONFLICT (realm) DO UPDATE SET upto_ms = excluded.upto_ms, missed_ms = excluded.missed_ms, known_ms = excluded.known_ms;

-- name: KeepBackfills :execrows
DELETE FROM tokenstate.backfill WHERE realm <> ALL(@realms::text[]);

-- name: HaveEvents :many
SELECT id FROM tokenstate.journal WHERE id = ANY(@ids::text[]);

-- name: RewindBackfills :exec
UPDATE tokenstate.backfill SET upto_ms = least(upto_ms, (SELECT coalesce(max(received_ms), 0) FROM tokenstate.journal) - sqlc.arg(margin_ms)::bigint), known_ms = 0;

-- name: Realms :many
SELECT realm FROM tokenstate.offline_token UNION SELECT realm FROM tokenstate.api_key UNION SELECT realm FROM tokenstate.service_key ORDER BY realm;

-- name: LastVerify :one
SELECT at, actor, detail FROM tokenstate.audit WHERE action = 'verify' ORDER BY n DESC LIMIT 1;
