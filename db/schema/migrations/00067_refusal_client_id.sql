-- +goose Up
-- A refusal is of one client_id: after a rename the same session may get a token with the new name within the same second.
-- Where the client's UUID is known, the key has the client_id. Rows of earlier programs are of any name; those whose order
-- the journal still has get theirs, as a replay would give it to them.
UPDATE tokenstate.fact_refusal f
SET key = told.client_id
FROM (
    SELECT j.id, j.realm, convert_from(j.raw, 'UTF8')::jsonb -> 'data' AS data, convert_from(j.raw, 'UTF8')::jsonb #>> '{data,client_id}' AS client_id
    FROM tokenstate.journal j
    WHERE j.class = 'order' AND j.id IN (SELECT cause FROM tokenstate.fact_refusal)
) told
WHERE told.id = f.cause AND told.realm = f.realm AND f.key = '' AND f.client = told.data ->> 'client' AND told.client_id <> '';

CREATE OR REPLACE VIEW tokenstate.offline_token_state AS
WITH name_of AS ( -- the present client_id of each client, by its latest look that tells one
    SELECT DISTINCT ON (realm, client, session, key, authority) realm, client, client_id
    FROM tokenstate.fact_standing
    WHERE user_id = '' AND client <> '' AND client_id <> ''
    ORDER BY realm, client, session, key, authority, at_ms DESC, tie DESC
), called AS ( -- the client that was last seen to carry a client_id
    SELECT DISTINCT ON (s.realm, s.client) s.realm, s.client AS client_id, s.owner AS bearer
    FROM tokenstate.fact_sighting s
    WHERE s.key = 'client_id' AND NOT s.gone AND s.user_id = '' AND s.session = ''
    ORDER BY s.realm, s.client, s.at_ms DESC, s.tie DESC
), named AS ( -- with the client's UUID, also where it was stored before that was known
    SELECT t.realm, t.user_id, t.client_id, t.session, t.issued_at_s AS iat, t.expires_at_s AS exp, coalesce(t.client, n.client, c.bearer) AS uuid
    FROM tokenstate.offline_token t
    LEFT JOIN (SELECT realm, client_id, min(client COLLATE "C") AS client FROM name_of GROUP BY realm, client_id) n
        ON t.client IS NULL AND n.realm = t.realm AND n.client_id = t.client_id
    LEFT JOIN called c ON t.client IS NULL AND c.realm = t.realm AND c.client_id = t.client_id
), whose AS (
    SELECT DISTINCT ON (realm, client, session) realm, client, session, owner
    FROM tokenstate.fact_sighting
    WHERE NOT gone AND user_id = '' AND key = '' AND owner <> ''
    ORDER BY realm, client, session, at_ms DESC, tie DESC
), token AS ( -- with its owner
    SELECT n.*, coalesce(w.owner, n.user_id) AS owner
    FROM named n
    LEFT JOIN whose w ON (w.realm, w.client, w.session) = (n.realm, n.uuid, n.session)
), scope AS ( -- each scope that reaches a token; one with a client needs its UUID
    SELECT token.*, '' AS s_user, '' AS s_client, '' AS s_session FROM token
    UNION ALL SELECT token.*, owner, '', '' FROM token
    UNION ALL SELECT token.*, user_id, '', '' FROM token WHERE user_id <> owner
    UNION ALL SELECT token.*, '', '', session FROM token
    UNION ALL SELECT token.*, '', uuid, '' FROM token WHERE uuid IS NOT NULL
    UNION ALL SELECT token.*, owner, uuid, '' FROM token WHERE uuid IS NOT NULL
    UNION ALL SELECT token.*, user_id, uuid, '' FROM token WHERE uuid IS NOT NULL AND user_id <> owner
    UNION ALL SELECT token.*, '', uuid, session FROM token WHERE uuid IS NOT NULL
), cut AS (
    SELECT t.realm, t.session, t.client_id, 3 AS state, c.reason, c.happened_ms AS since, c.cause
    FROM scope t
    CROSS JOIN tokenstate.rules r
    JOIN tokenstate.fact_cutoff c ON c.realm = t.realm AND c.user_id = t.s_user AND c.client = t.s_client
        AND c.session = t.s_session AND c.key = '' AND c.tokens
        AND t.iat < c.before_s - CASE WHEN c.reason IN ('user_deleted', 'realm_deleted', 'grant_revoked') THEN (r.skew_ms + 999) / 1000 ELSE 0 END
    LEFT JOIN tokenstate.fact_pardon p ON p.cause = c.cause
    WHERE p.cause IS NULL AND (c.reason <> 'realm_deleted' OR EXISTS ( -- a realm's deletion was seen as well as told
        SELECT FROM tokenstate.fact_sighting g
        WHERE g.realm = t.realm AND g.user_id = '' AND g.client = '' AND g.session = '' AND g.key = 'vanished' AND g.gone
            AND g.at_ms > c.happened_ms + r.skew_ms + CASE WHEN g.node IN ('', '!') THEN r.cache_lag_ms ELSE 0 END))
), stood AS ( -- a closed look counts unless an open one is surely later
    SELECT t.realm, t.session, t.client_id, k.state, k.reason, s.at_ms AS since, s.cause, s.authority
    FROM scope t
    JOIN tokenstate.fact_standing s ON s.realm = t.realm AND s.user_id = t.s_user AND s.client = t.s_client
        AND s.session = t.s_session AND s.session = '' AND s.key = '' AND (s.user_id = '' OR s.client = '')
        AND (s.authority <> 'keycloak' OR s.user_id IN ('', t.owner))
    CROSS JOIN LATERAL (VALUES
        ('gone', s.gone, 2, CASE WHEN s.user_id <> '' THEN 'user_deleted' WHEN s.client <> '' THEN 'client_deleted' ELSE 'realm_deleted' END),
        ('disabled', s.disabled, 2, CASE WHEN s.user_id <> '' THEN 'user_disabled' WHEN s.client <> '' THEN 'client_disabled' ELSE 'realm_disabled' END),
        ('no_offline', s.no_offline AND (s.user_id <> '' OR s.client <> ''), 2,
            CASE WHEN s.user_id <> '' THEN 'offline_access_withdrawn' ELSE 'client_without_offline_access' END),
        ('renamed', s.client <> '' AND s.client_id <> '' AND s.client_id <> t.client_id, 2, 'client_renamed'),
        ('before', t.iat < s.not_before_s, CASE WHEN s.user_id <> '' THEN 3 ELSE 2 END,
            CASE WHEN s.user_id <> '' THEN 'user_not_before' WHEN s.client <> '' THEN 'client_not_before' ELSE 'realm_not_before' END)
    ) k (name, closed, state, reason)
    WHERE k.closed AND NOT EXISTS (
        SELECT FROM tokenstate.fact_standing o, tokenstate.rules r
        WHERE (o.realm, o.user_id, o.client, o.session, o.key, o.authority) = (s.realm, s.user_id, s.client, s.session, s.key, s.authority)
            AND o.at_ms > s.at_ms + r.skew_ms + CASE WHEN o.node IN ('', '!') THEN r.cache_lag_ms ELSE 0 END
            AND NOT CASE k.name
                WHEN 'gone' THEN o.gone
                WHEN 'disabled' THEN o.disabled
                WHEN 'no_offline' THEN o.no_offline
                WHEN 'renamed' THEN o.client_id <> '' AND o.client_id <> t.client_id
                ELSE t.iat < o.not_before_s
            END)
), listed AS (
    SELECT t.realm, t.session, t.client_id, t.iat, l.node, l.at_ms, l.tie, l.start_s, l.cause,
        CASE WHEN l.node IN ('', '!') THEN r.cache_lag_ms ELSE 0 END AS lag_ms
    FROM token t
    CROSS JOIN tokenstate.rules r
    JOIN tokenstate.fact_sighting l ON NOT l.gone AND l.realm = t.realm AND l.user_id = '' AND l.client = t.uuid
        AND l.session = t.session AND l.key = ''
), ownerless AS ( -- Keycloak has no such user, and no look has listed the session
    SELECT DISTINCT s.realm, s.session, s.client_id
    FROM stood s
    JOIN token t ON (t.realm, t.session, t.client_id) = (s.realm, s.session, s.client_id) AND t.uuid IS NOT NULL
    WHERE s.authority = 'keycloak' AND s.reason = 'user_deleted'
        AND NOT EXISTS (SELECT FROM listed l WHERE (l.realm, l.session, l.client_id) = (t.realm, t.session, t.client_id))
        AND NOT EXISTS ( -- over the admin API nobody can ask for the session
            SELECT FROM tokenstate.fact_standing g
            WHERE g.realm = t.realm AND g.user_id = t.owner AND g.client = '' AND g.session = '' AND g.key = ''
                AND g.authority = 'keycloak' AND g.gone AND g.node IN ('', '!'))
), standing AS (
    SELECT s.realm, s.session, s.client_id, s.state, s.reason, s.since, s.cause
    FROM stood s
    WHERE NOT (s.authority = 'keycloak' AND s.reason IN ('user_deleted', 'user_disabled', 'offline_access_withdrawn', 'user_not_before')
        AND EXISTS (SELECT FROM ownerless o WHERE (o.realm, o.session, o.client_id) = (s.realm, s.session, s.client_id)))
), ended AS ( -- named by an event at that second and seen absent, and not listed since
    SELECT t.realm, t.session, t.client_id, 3 AS state, 'session_ended' AS reason, g.at_ms AS since, g.cause
    FROM token t
    JOIN tokenstate.fact_sighting g ON g.gone AND g.realm = t.realm AND g.user_id = '' AND g.client IN (coalesce(t.uuid, ''), '')
        AND g.session = t.session AND g.key = '' AND t.iat <= g.second_s
    WHERE NOT EXISTS (
        SELECT FROM listed l, tokenstate.rules r
        WHERE (l.realm, l.session, l.client_id) = (t.realm, t.session, t.client_id)
            AND (l.at_ms > g.at_ms + r.skew_ms + l.lag_ms OR l.node = g.node AND g.node NOT IN ('', '!') AND l.at_ms > g.at_ms))
), coverage AS ( -- the looks that would have listed a token
    SELECT token.*, owner AS s_user, '' AS s_client, '' AS s_session FROM token WHERE uuid IS NOT NULL
    UNION ALL SELECT token.*, owner, uuid, '' FROM token WHERE uuid IS NOT NULL
    UNION ALL SELECT token.*, '', '', session FROM token WHERE uuid IS NOT NULL
    UNION ALL SELECT token.*, '', uuid, session FROM token WHERE uuid IS NOT NULL
), missing AS ( -- other absence: only of tokens that were old enough by then
    SELECT t.realm, t.session, t.client_id, 3 AS state, 'session_absent' AS reason, k.at_ms AS since, k.cause
    FROM coverage t
    CROSS JOIN tokenstate.rules r
    JOIN tokenstate.fact_look k ON k.realm = t.realm AND k.user_id = t.s_user AND k.client = t.s_client
        AND k.session = t.s_session AND k.key = '' AND t.iat * 1000 <= k.at_ms - r.margin_ms
    WHERE NOT EXISTS (
            SELECT FROM listed l
            WHERE (l.realm, l.session, l.client_id) = (t.realm, t.session, t.client_id)
                AND (l.at_ms > k.at_ms + r.skew_ms + l.lag_ms
                    OR l.node = k.node AND (l.at_ms = k.at_ms OR k.node NOT IN ('', '!') AND l.at_ms > k.at_ms)))
        AND NOT (t.s_user <> '' AND EXISTS (SELECT FROM ownerless o WHERE (o.realm, o.session, o.client_id) = (t.realm, t.session, t.client_id)))
        AND NOT EXISTS (SELECT FROM ended e WHERE (e.realm, e.session, e.client_id) = (t.realm, t.session, t.client_id))
), restarted AS ( -- Keycloak's own rule for a session that was made anew under the same id; a node may list another start since
    SELECT realm, session, client_id, 3 AS state, 'session_restarted' AS reason, start_s * 1000 AS since, cause
    FROM (SELECT DISTINCT ON (realm, session, client_id) * FROM listed l CROSS JOIN tokenstate.rules r
        WHERE iat + 1 < start_s AND NOT EXISTS (
            SELECT FROM listed o
            WHERE (o.realm, o.session, o.client_id) = (l.realm, l.session, l.client_id) AND o.node NOT IN ('', '!')
                AND o.start_s > 0 AND o.iat + 1 >= o.start_s AND l.at_ms <= o.at_ms + r.skew_ms + l.lag_ms)
        ORDER BY realm, session, client_id, start_s DESC, at_ms DESC, tie DESC) last
), refused AS ( -- the latest outcome, whichever name of the client its reporter knew
    SELECT realm, session, client_id, 2 AS state, 'refused' AS reason, since, cause
    FROM (SELECT DISTINCT ON (t.realm, t.session, t.client_id) t.realm, t.session, t.client_id, f.refused, f.at_ms AS since, f.cause
        FROM token t
        JOIN tokenstate.fact_refusal f ON f.realm = t.realm AND f.user_id = t.user_id AND f.session = t.session AND f.issued_at_s = t.iat
            AND (f.key = '' AND f.client IN (coalesce(t.uuid, ''), t.client_id) OR f.key = t.client_id AND f.client = coalesce(t.uuid, ''))
        ORDER BY t.realm, t.session, t.client_id, f.at_ms DESC, f.tie DESC) last
    WHERE last.refused
), expired AS ( -- by now, whatever the clocks say
    SELECT t.realm, t.session, t.client_id, 3 AS state, 'expired' AS reason, t.exp * 1000 AS since, '' AS cause
    FROM token t
    CROSS JOIN tokenstate.rules r
    WHERE t.exp > 0 AND extract(epoch FROM now()) * 1000 >= (t.exp + 1) * 1000 + r.skew_ms
), closure AS (
    SELECT * FROM cut UNION ALL SELECT * FROM standing UNION ALL SELECT * FROM ended
    UNION ALL SELECT * FROM missing UNION ALL SELECT * FROM restarted UNION ALL SELECT * FROM refused
    UNION ALL SELECT * FROM expired
), worst AS (
    SELECT DISTINCT ON (realm, session, client_id) * FROM closure
    ORDER BY realm, session, client_id, state DESC, since, cause COLLATE "C", reason COLLATE "C"
)
SELECT t.realm, t.user_id, t.client_id, t.session AS session_id, t.iat AS issued_at,
    CASE w.state WHEN 3 THEN 'revoked' WHEN 2 THEN 'suspended' ELSE 'usable' END AS state,
    w.reason, to_timestamp(w.since / 1000.0) AS since, nullif(w.cause, '') AS event_id
FROM token t
LEFT JOIN worst w ON (w.realm, w.session, w.client_id) = (t.realm, t.session, t.client_id);

-- +goose Down
-- The view reads the schema before as well.
SELECT 1;
