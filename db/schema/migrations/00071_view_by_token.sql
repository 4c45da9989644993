-- +goose Up
-- The view asks about each token by itself, by index: about one user it reads what is known of that user, and about all it
-- takes so many times as long. Before, it joined whole tables, also for one user, and where the planner had no statistics
-- of them (after a restore, or a first import) each row of one with each of another: minutes for some thousand tokens.
-- OFFSET 0 keeps the planner from joining whole tables after all, and from asking for client and owner at each use.
CREATE OR REPLACE VIEW tokenstate.offline_token_state AS
SELECT t.realm, t.user_id, t.client_id, t.session AS session_id, t.issued_at_s AS issued_at,
    CASE w.state WHEN 3 THEN 'revoked' WHEN 2 THEN 'suspended' ELSE 'usable' END AS state,
    w.reason, to_timestamp(w.since / 1000.0) AS since, nullif(w.cause, '') AS event_id
FROM tokenstate.offline_token t
CROSS JOIN tokenstate.rules r
CROSS JOIN LATERAL ( -- the client's UUID, also where the token was stored before that was known
    SELECT coalesce(t.client,
        ( -- the client whose latest look that tells a client_id tells this one
            SELECT min(s.client COLLATE "C") COLLATE "default" -- no index is of the other
            FROM tokenstate.fact_standing s
            WHERE s.realm = t.realm AND s.user_id = '' AND s.client <> '' AND s.client_id = t.client_id
                AND NOT EXISTS (
                    SELECT FROM tokenstate.fact_standing o
                    WHERE (o.realm, o.user_id, o.client, o.session, o.key, o.authority) = (s.realm, '', s.client, s.session, s.key, s.authority)
                        AND o.client_id <> '' AND (o.at_ms, o.tie) > (s.at_ms, s.tie))),
        ( -- the client that was last seen to carry it
            SELECT s.owner
            FROM tokenstate.fact_sighting s
            WHERE s.realm = t.realm AND s.user_id = '' AND s.client = t.client_id AND s.session = '' AND s.key = 'client_id' AND NOT s.gone
            ORDER BY s.at_ms DESC, s.tie DESC
            LIMIT 1)) AS uuid
    OFFSET 0
) u
CROSS JOIN LATERAL ( -- whose session it is
    SELECT coalesce((
        SELECT s.owner
        FROM tokenstate.fact_sighting s
        WHERE s.realm = t.realm AND s.user_id = '' AND s.client = u.uuid AND s.session = t.session AND s.key = '' AND NOT s.gone AND s.owner <> ''
        ORDER BY s.at_ms DESC, s.tie DESC
        LIMIT 1), t.user_id) AS owner
    OFFSET 0
) o
LEFT JOIN LATERAL (
    WITH scope (s_user, s_client, s_session) AS ( -- each that reaches the token; one with a client needs its UUID
        VALUES ('', '', ''), (o.owner, '', ''), (t.user_id, '', ''), ('', '', t.session),
            ('', u.uuid, ''), (o.owner, u.uuid, ''), (t.user_id, u.uuid, ''), ('', u.uuid, t.session)
    ), cut AS (
        SELECT 3 AS state, c.reason, c.happened_ms AS since, c.cause
        FROM scope s
        CROSS JOIN LATERAL (
            SELECT * FROM tokenstate.fact_cutoff
            WHERE (realm, user_id, client, session, key) = (t.realm, s.s_user, s.s_client, s.s_session, '') OFFSET 0) c
        WHERE c.tokens AND t.issued_at_s < c.before_s - CASE WHEN c.reason IN ('user_deleted', 'realm_deleted', 'grant_revoked') THEN (r.skew_ms + 999) / 1000 ELSE 0 END
            AND NOT EXISTS (SELECT FROM tokenstate.fact_pardon p WHERE p.cause = c.cause)
            AND (c.reason <> 'realm_deleted' OR EXISTS ( -- a realm's deletion was seen as well as told
                SELECT FROM tokenstate.fact_sighting g
                WHERE g.realm = t.realm AND g.user_id = '' AND g.client = '' AND g.session = '' AND g.key = 'vanished' AND g.gone
                    AND g.at_ms > c.happened_ms + r.skew_ms + CASE WHEN g.node IN ('', '!') THEN r.cache_lag_ms ELSE 0 END))
    ), stood AS ( -- a closed look counts unless an open one is surely later
        SELECT k.state, k.reason, s.at_ms AS since, s.cause, s.authority
        FROM scope p
        CROSS JOIN LATERAL (
            SELECT * FROM tokenstate.fact_standing
            WHERE (realm, user_id, client, session, key) = (t.realm, p.s_user, p.s_client, '', '') OFFSET 0) s
        CROSS JOIN LATERAL (VALUES
            ('gone', s.gone, 2, CASE WHEN s.user_id <> '' THEN 'user_deleted' WHEN s.client <> '' THEN 'client_deleted' ELSE 'realm_deleted' END),
            ('disabled', s.disabled, 2, CASE WHEN s.user_id <> '' THEN 'user_disabled' WHEN s.client <> '' THEN 'client_disabled' ELSE 'realm_disabled' END),
            ('no_offline', s.no_offline AND (s.user_id <> '' OR s.client <> ''), 2,
                CASE WHEN s.user_id <> '' THEN 'offline_access_withdrawn' ELSE 'client_without_offline_access' END),
            ('renamed', s.client <> '' AND s.client_id <> '' AND s.client_id <> t.client_id, 2, 'client_renamed'),
            ('before', t.issued_at_s < s.not_before_s, CASE WHEN s.user_id <> '' THEN 3 ELSE 2 END,
                CASE WHEN s.user_id <> '' THEN 'user_not_before' WHEN s.client <> '' THEN 'client_not_before' ELSE 'realm_not_before' END)
        ) k (name, closed, state, reason)
        WHERE p.s_session = '' AND (s.user_id = '' OR s.client = '') AND (s.authority <> 'keycloak' OR s.user_id IN ('', o.owner))
            AND k.closed AND NOT EXISTS (
            SELECT FROM tokenstate.fact_standing l
            WHERE (l.realm, l.user_id, l.client, l.session, l.key, l.authority) = (s.realm, s.user_id, s.client, s.session, s.key, s.authority)
                AND l.at_ms > s.at_ms + r.skew_ms + CASE WHEN l.node IN ('', '!') THEN r.cache_lag_ms ELSE 0 END
                AND NOT CASE k.name
                    WHEN 'gone' THEN l.gone
                    WHEN 'disabled' THEN l.disabled
                    WHEN 'no_offline' THEN l.no_offline
                    WHEN 'renamed' THEN l.client_id <> '' AND l.client_id <> t.client_id
                    ELSE t.issued_at_s < l.not_before_s
                END)
    ), listed AS (
        SELECT l.node, l.at_ms, l.tie, l.start_s, l.cause, CASE WHEN l.node IN ('', '!') THEN r.cache_lag_ms ELSE 0 END AS lag_ms
        FROM tokenstate.fact_sighting l
        WHERE NOT l.gone AND l.realm = t.realm AND l.user_id = '' AND l.client = u.uuid AND l.session = t.session AND l.key = ''
    ), ownerless AS ( -- Keycloak has no such user, and no look has listed the session
        SELECT
        WHERE u.uuid IS NOT NULL
            AND EXISTS (SELECT FROM stood WHERE authority = 'keycloak' AND reason = 'user_deleted')
            AND NOT EXISTS (SELECT FROM listed)
            AND NOT EXISTS ( -- over the admin API nobody can ask for the session
                SELECT FROM tokenstate.fact_standing g
                WHERE g.realm = t.realm AND g.user_id = o.owner AND g.client = '' AND g.session = '' AND g.key = ''
                    AND g.authority = 'keycloak' AND g.gone AND g.node IN ('', '!'))
    ), standing AS (
        SELECT state, reason, since, cause
        FROM stood
        WHERE NOT (authority = 'keycloak' AND reason IN ('user_deleted', 'user_disabled', 'offline_access_withdrawn', 'user_not_before')
            AND EXISTS (SELECT FROM ownerless))
    ), ended AS ( -- named by an event at that second and seen absent, and not listed since
        SELECT 3 AS state, 'session_ended' AS reason, g.at_ms AS since, g.cause
        FROM (VALUES (u.uuid), ('')) c (client)
        CROSS JOIN LATERAL (
            SELECT * FROM tokenstate.fact_sighting
            WHERE (realm, user_id, client, session, key) = (t.realm, '', c.client, t.session, '') AND gone OFFSET 0) g
        WHERE t.issued_at_s <= g.second_s AND NOT EXISTS (
            SELECT FROM listed l
            WHERE l.at_ms > g.at_ms + r.skew_ms + l.lag_ms OR l.node = g.node AND g.node NOT IN ('', '!') AND l.at_ms > g.at_ms)
    ), missing AS ( -- other absence: only of a token that was old enough by then, and by a look that would have listed it
        SELECT 3 AS state, 'session_absent' AS reason, k.at_ms AS since, k.cause
        FROM (VALUES (o.owner, '', ''), (o.owner, u.uuid, ''), ('', '', t.session), ('', u.uuid, t.session)) c (s_user, s_client, s_session)
        CROSS JOIN LATERAL (
            SELECT * FROM tokenstate.fact_look
            WHERE (realm, user_id, client, session, key) = (t.realm, c.s_user, c.s_client, c.s_session, '') OFFSET 0) k
        WHERE u.uuid IS NOT NULL AND t.issued_at_s * 1000 <= k.at_ms - r.margin_ms
            AND NOT EXISTS (
                SELECT FROM listed l
                WHERE l.at_ms > k.at_ms + r.skew_ms + l.lag_ms
                    OR l.node = k.node AND (l.at_ms = k.at_ms OR k.node NOT IN ('', '!') AND l.at_ms > k.at_ms))
            AND NOT (c.s_user <> '' AND EXISTS (SELECT FROM ownerless))
            AND NOT EXISTS (SELECT FROM ended)
    ), restarted AS ( -- Keycloak's own rule for a session that was made anew under the same id; a node may list another start since
        SELECT 3 AS state, 'session_restarted' AS reason, last.start_s * 1000 AS since, last.cause
        FROM (SELECT l.start_s, l.cause
            FROM listed l
            WHERE t.issued_at_s + 1 < l.start_s AND NOT EXISTS (
                SELECT FROM listed n
                WHERE n.node NOT IN ('', '!') AND n.start_s > 0 AND t.issued_at_s + 1 >= n.start_s AND l.at_ms <= n.at_ms + r.skew_ms + l.lag_ms)
            ORDER BY l.start_s DESC, l.at_ms DESC, l.tie DESC
            LIMIT 1) last
    ), refused AS ( -- the latest outcome, whichever name of the client its reporter knew
        SELECT 2 AS state, 'refused' AS reason, last.at_ms AS since, last.cause
        FROM (SELECT f.refused, f.at_ms, f.cause
            FROM tokenstate.fact_refusal f
            WHERE f.realm = t.realm AND f.user_id = t.user_id AND f.session = t.session AND f.issued_at_s = t.issued_at_s
                AND (f.key = '' AND f.client IN (coalesce(u.uuid, ''), t.client_id) OR f.key = t.client_id AND f.client = coalesce(u.uuid, ''))
            ORDER BY f.at_ms DESC, f.tie DESC
            LIMIT 1) last
        WHERE last.refused
    ), expired AS ( -- by now, whatever the clocks say
        SELECT 3 AS state, 'expired' AS reason, t.expires_at_s * 1000 AS since, '' AS cause
        WHERE t.expires_at_s > 0 AND extract(epoch FROM now()) * 1000 >= (t.expires_at_s + 1) * 1000 + r.skew_ms
    ), closure AS (
        SELECT * FROM cut UNION ALL SELECT * FROM standing UNION ALL SELECT * FROM ended
        UNION ALL SELECT * FROM missing UNION ALL SELECT * FROM restarted UNION ALL SELECT * FROM refused
        UNION ALL SELECT * FROM expired
    )
    SELECT * FROM closure
    ORDER BY state DESC, since, cause COLLATE "C", reason COLLATE "C"
    LIMIT 1
) w ON true;

-- +goose Down
-- The view reads the schema before as well.
SELECT 1;
