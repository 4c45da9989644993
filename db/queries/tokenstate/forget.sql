-- name: ForgetPage :many
-- The next scopes after one in the order of the facts' keys, and whether each was forgotten: nothing is held of its user
-- or session, and all that is known of it is ordinary and old. It walks along the primary keys, for no table may be read as
-- a whole in one statement. Of spared users nothing is forgotten. newest_ms is of what was deleted: a row that somebody writes meanwhile is deleted as they leave it.
WITH page AS (
    SELECT DISTINCT realm, user_id, client, session FROM (
        (SELECT realm, user_id, client, session FROM tokenstate.fact_standing
            WHERE (realm, user_id, client, session) > (@realm::text, @user_id::text, @client::text, @session::text)
            ORDER BY 1, 2, 3, 4 LIMIT sqlc.arg(most)::int)
        UNION ALL
        (SELECT realm, user_id, client, session FROM tokenstate.fact_look
            WHERE (realm, user_id, client, session) > (@realm, @user_id, @client, @session) ORDER BY 1, 2, 3, 4 LIMIT sqlc.arg(most))
        UNION ALL
        (SELECT realm, user_id, client, session FROM tokenstate.fact_sighting
            WHERE (realm, user_id, client, session) > (@realm, @user_id, @client, @session) ORDER BY 1, 2, 3, 4 LIMIT sqlc.arg(most))
        UNION ALL
        (SELECT realm, user_id, client, session FROM tokenstate.fact_refusal
            WHERE (realm, user_id, client, session) > (@realm, @user_id, @client, @session) ORDER BY 1, 2, 3, 4 LIMIT sqlc.arg(most))
        UNION ALL
        (SELECT realm, user_id, client, session FROM tokenstate.fact_doubt
            WHERE (realm, user_id, client, session) > (@realm, @user_id, @client, @session) ORDER BY 1, 2, 3, 4 LIMIT sqlc.arg(most))
    ) AS every
    ORDER BY 1, 2, 3, 4 LIMIT sqlc.arg(most)
), unheld AS (
    SELECT * FROM page p
    WHERE (p.user_id <> '' OR p.session <> '')
        AND NOT EXISTS (SELECT FROM tokenstate.offline_token t WHERE t.realm = p.realm AND t.user_id = p.user_id)
        AND NOT EXISTS (SELECT FROM tokenstate.offline_token t WHERE t.realm = p.realm AND t.session = p.session)
        AND NOT EXISTS (SELECT FROM tokenstate.api_key k WHERE k.realm = p.realm AND k.user_id = p.user_id AND k.revoked_at IS NULL)
        AND NOT EXISTS (SELECT FROM tokenstate.org_member m WHERE m.realm = p.realm AND m.user_id = p.user_id)
        AND NOT EXISTS (SELECT FROM (SELECT unnest(@spared_realms::text[]) AS realm, unnest(@spared_users::text[]) AS user_id) s
            WHERE s.realm = p.realm AND s.user_id = p.user_id)
), old AS (
    SELECT * FROM unheld p
    WHERE NOT EXISTS (SELECT FROM tokenstate.fact_cutoff f
            WHERE (f.realm, f.user_id, f.client, f.session) = (p.realm, p.user_id, p.client, p.session))
        AND NOT EXISTS (SELECT FROM tokenstate.fact_standing f
            WHERE (f.realm, f.user_id, f.client, f.session) = (p.realm, p.user_id, p.client, p.session)
                AND (f.at_ms >= @before_ms::bigint OR f.authority <> 'keycloak' OR f.gone OR f.disabled OR f.not_before_s <> 0))
        AND NOT EXISTS (SELECT FROM tokenstate.fact_look f
            WHERE (f.realm, f.user_id, f.client, f.session) = (p.realm, p.user_id, p.client, p.session) AND f.at_ms >= @before_ms)
        AND NOT EXISTS (SELECT FROM tokenstate.fact_sighting f
            WHERE (f.realm, f.user_id, f.client, f.session) = (p.realm, p.user_id, p.client, p.session) AND f.at_ms >= @before_ms)
        AND NOT EXISTS (SELECT FROM tokenstate.fact_refusal f
            WHERE (f.realm, f.user_id, f.client, f.session) = (p.realm, p.user_id, p.client, p.session) AND f.at_ms >= @before_ms)
        AND NOT EXISTS (SELECT FROM tokenstate.fact_doubt f
            WHERE (f.realm, f.user_id, f.client, f.session) = (p.realm, p.user_id, p.client, p.session) AND f.at_ms >= @before_ms)
), standings AS (
    DELETE FROM tokenstate.fact_standing f USING old o WHERE (f.realm, f.user_id, f.client, f.session) = (o.realm, o.user_id, o.client, o.session)
    RETURNING f.at_ms
), looks AS (
    DELETE FROM tokenstate.fact_look f USING old o WHERE (f.realm, f.user_id, f.client, f.session) = (o.realm, o.user_id, o.client, o.session)
    RETURNING f.at_ms
), sightings AS (
    DELETE FROM tokenstate.fact_sighting f USING old o WHERE (f.realm, f.user_id, f.client, f.session) = (o.realm, o.user_id, o.client, o.session)
    RETURNING f.at_ms
), refusals AS (
    DELETE FROM tokenstate.fact_refusal f USING old o WHERE (f.realm, f.user_id, f.client, f.session) = (o.realm, o.user_id, o.client, o.session)
    RETURNING f.at_ms
), doubts AS (
    DELETE FROM tokenstate.fact_doubt f USING old o WHERE (f.realm, f.user_id, f.client, f.session) = (o.realm, o.user_id, o.client, o.session)
    RETURNING f.at_ms
)
SELECT p.realm, p.user_id, p.client, p.session, (o.realm IS NOT NULL)::boolean AS forgotten,
    (SELECT coalesce(max(at_ms), 0) FROM (SELECT at_ms FROM standings UNION ALL SELECT at_ms FROM looks UNION ALL SELECT at_ms FROM sightings
        UNION ALL SELECT at_ms FROM refusals UNION ALL SELECT at_ms FROM doubts) AS gone)::bigint AS newest_ms
FROM page p LEFT JOIN old o USING (realm, user_id, client, session) ORDER BY 1, 2, 3, 4;

-- name: LockHead :exec
-- Until the commit nobody else makes a version of the feed.
SELECT FROM tokenstate.feed_head FOR UPDATE;

-- name: KnownOf :one
-- How many facts there are of some scopes.
WITH n AS MATERIALIZED (
    SELECT unnest(@realms::text[]) AS realm, unnest(@user_ids::text[]) AS user_id, unnest(@clients::text[]) AS client, unnest(@sessions::text[]) AS session
)
SELECT ((SELECT count(*) FROM n JOIN tokenstate.fact_standing f USING (realm, user_id, client, session))
    + (SELECT count(*) FROM n JOIN tokenstate.fact_look f USING (realm, user_id, client, session))
    + (SELECT count(*) FROM n JOIN tokenstate.fact_sighting f USING (realm, user_id, client, session))
    + (SELECT count(*) FROM n JOIN tokenstate.fact_refusal f USING (realm, user_id, client, session))
    + (SELECT count(*) FROM n JOIN tokenstate.fact_cutoff f USING (realm, user_id, client, session))
    + (SELECT count(*) FROM n JOIN tokenstate.fact_doubt f USING (realm, user_id, client, session)))::bigint;

-- name: ForgotBefore :exec
UPDATE tokenstate.forgetting SET before_ms = greatest(before_ms, @before_ms);

-- name: Forgetting :one
SELECT before_ms FROM tokenstate.forgetting;
