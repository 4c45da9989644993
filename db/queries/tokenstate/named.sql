-- The present rows of what the feed names. A scope has a few rows of a kind, one for each node; of cutoffs it may have many.

-- name: NamedStanding :many
SELECT t.* FROM (SELECT unnest(@realms::text[]) AS realm, unnest(@user_ids::text[]) AS user_id, unnest(@clients::text[]) AS client,
    unnest(@sessions::text[]) AS session, unnest(@keys::text[]) AS key) n
JOIN tokenstate.fact_standing t ON t.realm = n.realm AND t.user_id = n.user_id AND t.client = n.client AND t.session = n.session AND t.key = n.key;

-- name: NamedLook :many
SELECT t.* FROM (SELECT unnest(@realms::text[]) AS realm, unnest(@user_ids::text[]) AS user_id, unnest(@clients::text[]) AS client,
    unnest(@sessions::text[]) AS session, unnest(@keys::text[]) AS key) n
JOIN tokenstate.fact_look t ON t.realm = n.realm AND t.user_id = n.user_id AND t.client = n.client AND t.session = n.session AND t.key = n.key;

-- name: NamedSighting :many
SELECT t.* FROM (SELECT unnest(@realms::text[]) AS realm, unnest(@user_ids::text[]) AS user_id, unnest(@clients::text[]) AS client,
    unnest(@sessions::text[]) AS session, unnest(@keys::text[]) AS key) n
JOIN tokenstate.fact_sighting t ON t.realm = n.realm AND t.user_id = n.user_id AND t.client = n.client AND t.session = n.session AND t.key = n.key;

-- name: NamedRefusal :many
SELECT t.* FROM (SELECT unnest(@realms::text[]) AS realm, unnest(@user_ids::text[]) AS user_id, unnest(@clients::text[]) AS client,
    unnest(@sessions::text[]) AS session, unnest(@keys::text[]) AS key) n
JOIN tokenstate.fact_refusal t ON t.realm = n.realm AND t.user_id = n.user_id AND t.client = n.client AND t.session = n.session AND t.key = n.key;

-- name: NamedDoubt :many
SELECT t.* FROM (SELECT unnest(@realms::text[]) AS realm, unnest(@user_ids::text[]) AS user_id, unnest(@clients::text[]) AS client,
    unnest(@sessions::text[]) AS session, unnest(@keys::text[]) AS key) n
JOIN tokenstate.fact_doubt t ON t.realm = n.realm AND t.user_id = n.user_id AND t.client = n.client AND t.session = n.session AND t.key = n.key;

-- name: NamedCutoff :many
SELECT t.* FROM (SELECT unnest(@realms::text[]) AS realm, unnest(@user_ids::text[]) AS user_id, unnest(@clients::text[]) AS client,
    unnest(@sessions::text[]) AS session, unnest(@keys::text[]) AS key, unnest(@causes::text[]) AS cause) n
JOIN tokenstate.fact_cutoff t ON t.realm = n.realm AND t.user_id = n.user_id AND t.client = n.client AND t.session = n.session AND t.key = n.key
    AND t.cause = n.cause;

-- name: NamedPardon :many
SELECT * FROM tokenstate.fact_pardon WHERE cause = ANY(@causes::text[]);

-- name: NamedToken :many
SELECT t.* FROM (SELECT unnest(@realms::text[]) AS realm, unnest(@sessions::text[]) AS session, unnest(@client_ids::text[]) AS client_id) n
JOIN tokenstate.offline_token t ON t.realm = n.realm AND t.session = n.session AND t.client_id = n.client_id;
