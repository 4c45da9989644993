-- The join, one rule for every kind: only what ranks higher is written, and only what was
-- written comes back. Batches arrive folded and sorted by the full key.

-- name: JoinStanding :many
INSERT INTO tokenstate.fact_standing AS t (realm, user_id, client, session, key, authority, node, at_ms, tie, gone, disabled, no_offline, not_before_s, client_id, cause)
SELECT
    unnest(@realms::text[]),
    unnest(@user_ids::text[]),
    unnest(@clients::text[]),
    unnest(@sessions::text[]),
    unnest(@keys::text[]),
    unnest(@authoritys::text[]),
    unnest(@nodes::text[]),
    unnest(@at_mss::bigint[]),
    unnest(@ties::text[]),
    unnest(@gones::boolean[]),
    unnest(@disableds::boolean[]),
    unnest(@no_offlines::boolean[]),
    unnest(@not_before_ss::bigint[]),
    unnest(@client_ids::text[]),
    unnest(@causes::text[])
ON CONFLICT (realm, user_id, client, session, key, authority, node) DO UPDATE
SET at_ms = excluded.at_ms, tie = excluded.tie, gone = excluded.gone, disabled = excluded.disabled, no_offline = excluded.no_offline, not_before_s = excluded.not_before_s, client_id = excluded.client_id, cause = excluded.cause
WHERE (excluded.at_ms, excluded.tie) > (t.at_ms, t.tie)
RETURNING t.*;

-- name: JoinLook :many
INSERT INTO tokenstate.fact_look AS t (realm, user_id, client, session, key, node, at_ms, tie, cause)
SELECT
    unnest(@realms::text[]),
    unnest(@user_ids::text[]),
    unnest(@clients::text[]),
    unnest(@sessions::text[]),
    unnest(@keys::text[]),
    unnest(@nodes::text[]),
    unnest(@at_mss::bigint[]),
    unnest(@ties::text[]),
    unnest(@causes::text[])
ON CONFLICT (realm, user_id, client, session, key, node) DO UPDATE
SET at_ms = excluded.at_ms, tie = excluded.tie, cause = excluded.cause
WHERE (excluded.at_ms, excluded.tie) > (t.at_ms, t.tie)
RETURNING t.*;

-- name: JoinSighting :many
INSERT INTO tokenstate.fact_sighting AS t (realm, user_id, client, session, key, gone, node, at_ms, tie, start_s, second_s, cause, owner)
SELECT
    unnest(@realms::text[]),
    unnest(@user_ids::text[]),
    unnest(@clients::text[]),
    unnest(@sessions::text[]),
    unnest(@keys::text[]),
    unnest(@gones::boolean[]),
    unnest(@nodes::text[]),
    unnest(@at_mss::bigint[]),
    unnest(@ties::text[]),
    unnest(@start_ss::bigint[]),
    unnest(@second_ss::bigint[]),
    unnest(@causes::text[]),
    unnest(@owners::text[])
ON CONFLICT (realm, user_id, client, session, key, gone, node) DO UPDATE
SET at_ms = excluded.at_ms, tie = excluded.tie, start_s = excluded.start_s, second_s = excluded.second_s, cause = excluded.cause, owner = excluded.owner
WHERE (excluded.at_ms, excluded.tie) > (t.at_ms, t.tie)
RETURNING t.*;

-- name: JoinRefusal :many
INSERT INTO tokenstate.fact_refusal AS t (realm, user_id, client, session, key, issued_at_s, at_ms, tie, refused, retry_at_ms, reason, cause)
SELECT
    unnest(@realms::text[]),
    unnest(@user_ids::text[]),
    unnest(@clients::text[]),
    unnest(@sessions::text[]),
    unnest(@keys::text[]),
    unnest(@issued_at_ss::bigint[]),
    unnest(@at_mss::bigint[]),
    unnest(@ties::text[]),
    unnest(@refuseds::boolean[]),
    unnest(@retry_at_mss::bigint[]),
    unnest(@reasons::text[]),
    unnest(@causes::text[])
ON CONFLICT (realm, user_id, client, session, key, issued_at_s) DO UPDATE
SET at_ms = excluded.at_ms, tie = excluded.tie, refused = excluded.refused, retry_at_ms = excluded.retry_at_ms, reason = excluded.reason, cause = excluded.cause
WHERE (excluded.at_ms, excluded.tie) > (t.at_ms, t.tie)
RETURNING t.*;

-- name: JoinCutoff :many
INSERT INTO tokenstate.fact_cutoff AS t (realm, user_id, client, session, key, cause, at_ms, tie, before_s, happened_ms, tokens, keys, reason)
SELECT
    unnest(@realms::text[]),
    unnest(@user_ids::text[]),
    unnest(@clients::text[]),
    unnest(@sessions::text[]),
    unnest(@keys::text[]),
    unnest(@causes::text[]),
    unnest(@at_mss::bigint[]),
    unnest(@ties::text[]),
    unnest(@before_ss::bigint[]),
    unnest(@happened_mss::bigint[]),
    unnest(@tokenss::boolean[]),
    unnest(@keyss::boolean[]),
    unnest(@reasons::text[])
ON CONFLICT (realm, user_id, client, session, key, cause) DO UPDATE
SET at_ms = excluded.at_ms, tie = excluded.tie, before_s = excluded.before_s, happened_ms = excluded.happened_ms, tokens = excluded.tokens, keys = excluded.keys, reason = excluded.reason
WHERE (excluded.at_ms, excluded.tie) > (t.at_ms, t.tie)
RETURNING t.*;

-- name: JoinPardon :many
INSERT INTO tokenstate.fact_pardon AS t (cause, at_ms, tie, pardoned_by, reason)
SELECT
    unnest(@causes::text[]),
    unnest(@at_mss::bigint[]),
    unnest(@ties::text[]),
    unnest(@pardoned_bys::text[]),
    unnest(@reasons::text[])
ON CONFLICT (cause) DO UPDATE
SET at_ms = excluded.at_ms, tie = excluded.tie, pardoned_by = excluded.pardoned_by, reason = excluded.reason
WHERE (excluded.at_ms, excluded.tie) > (t.at_ms, t.tie)
RETURNING t.*;

-- name: JoinDoubt :many
INSERT INTO tokenstate.fact_doubt AS t (realm, user_id, client, session, key, beneath, settled, node, at_ms, tie, event)
SELECT
    unnest(@realms::text[]),
    unnest(@user_ids::text[]),
    unnest(@clients::text[]),
    unnest(@sessions::text[]),
    unnest(@keys::text[]),
    unnest(@beneaths::boolean[]),
    unnest(@settleds::boolean[]),
    unnest(@nodes::text[]),
    unnest(@at_mss::bigint[]),
    unnest(@ties::text[]),
    unnest(@events::text[])
ON CONFLICT (realm, user_id, client, session, key, beneath, settled, node) DO UPDATE
SET at_ms = excluded.at_ms, tie = excluded.tie, event = excluded.event
WHERE (excluded.at_ms, excluded.tie) > (t.at_ms, t.tie)
RETURNING t.*;
