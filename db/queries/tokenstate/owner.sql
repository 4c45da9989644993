-- name: LockOwner :exec
-- Whoever makes keys of a user, or orders something about him, waits here for one another.
SELECT pg_advisory_xact_lock(hashtextextended(json_build_array('owner', @realm::text, @user_id::text)::text, 0));

-- name: OwnerStandings :many
-- users are some, and '' for the realm.
SELECT * FROM tokenstate.fact_standing
WHERE realm = @realm AND user_id = ANY (@users::text[]) AND client = '' AND session = '' AND key = '';

-- name: OwnerSightings :many
-- With when the realm itself was found gone.
SELECT * FROM tokenstate.fact_sighting WHERE realm = @realm AND user_id = ANY (@users::text[]) AND client = '' AND session = '';

-- name: OwnerCutoffs :many
SELECT * FROM tokenstate.fact_cutoff WHERE realm = @realm AND user_id = ANY (@users::text[]) AND client = '' AND session = '';

-- name: PardonsOf :many
SELECT * FROM tokenstate.fact_pardon WHERE cause = ANY (@causes::text[]);

-- name: NewestStanding :one
-- When the backend last said something of a user.
SELECT coalesce(max(at_ms), 0)::bigint FROM tokenstate.fact_standing
WHERE realm = @realm AND user_id = @user_id AND client = '' AND session = '' AND key = '' AND authority = 'backend';

-- name: NewestRefusal :one
-- When a refresh of exactly this token was last told of, under whichever name of the client.
SELECT coalesce(max(at_ms), 0)::bigint FROM tokenstate.fact_refusal
WHERE realm = @realm AND user_id = @user_id AND client = ANY (@clients::text[]) AND session = @session
    AND key IN ('', @client_id::text) AND issued_at_s = @issued_at_s;

-- name: NewestMade :one
-- The second of the newest key or token that an order reaches. '' is any user, client or session; keys
-- have neither client nor session.
SELECT greatest(
    (SELECT floor(extract(epoch FROM max(k.created_at))) FROM tokenstate.api_key k
        WHERE k.realm = @realm AND (@user_id::text = '' OR k.user_id = @user_id) AND @keys::boolean),
    (SELECT max(t.issued_at_s) FROM tokenstate.offline_token t
        WHERE t.realm = @realm AND (@user_id::text = '' OR t.user_id = @user_id) AND (@session::text = '' OR t.session = @session)
            AND (@client::text = '' OR t.client = @client) AND @tokens::boolean),
    0)::bigint;

-- name: RefusalStands :one
-- Whether the last refresh of exactly this token that was told of was refused, under whichever name of the client.
SELECT coalesce((SELECT refused FROM tokenstate.fact_refusal
    WHERE realm = @realm AND user_id = @user_id AND client = ANY (@clients::text[]) AND session = @session
    AND key IN ('', @client_id::text) AND issued_at_s = @issued_at_s
    ORDER BY at_ms DESC, tie DESC LIMIT 1), false)::boolean;

-- name: ClientsEverCalled :many
-- The clients that bear, or once bore, one of some client_ids.
SELECT s.client AS uuid FROM tokenstate.fact_standing s
WHERE s.realm = @realm AND s.user_id = '' AND s.client <> '' AND s.client_id <> '' AND s.client_id = ANY (@client_ids::text[])
UNION SELECT g.owner FROM tokenstate.fact_sighting g
WHERE g.realm = @realm AND g.user_id = '' AND g.client <> '' AND g.client = ANY (@client_ids::text[]) AND g.session = '' AND g.key = 'client_id' AND g.owner <> '';

-- name: TokensAround :many
-- Those that name some users, and those of sessions that looks have shown to be theirs. No index is of the second.
SELECT * FROM tokenstate.offline_token t
WHERE t.realm = @realm AND t.user_id = ANY (@users::text[])
UNION SELECT t.* FROM tokenstate.fact_sighting s
JOIN tokenstate.offline_token t ON t.realm = s.realm AND t.session = s.session
WHERE s.realm = @realm AND s.session <> '' AND s.owner = ANY (@users::text[])
ORDER BY session, client_id;

-- name: CutoffsBy :many
-- No index is of the cause.
SELECT * FROM tokenstate.fact_cutoff WHERE cause = @cause ORDER BY realm, user_id, client, session, key;

-- name: CutoffsOf :many
-- A realm of '' is any. No index is of the user alone.
SELECT * FROM tokenstate.fact_cutoff WHERE user_id = @user_id AND (@realm::text = '' OR realm = @realm) ORDER BY realm, client, session, key, cause;
