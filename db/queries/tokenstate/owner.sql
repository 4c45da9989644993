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
