-- The present rows of what the feed names.

-- name: NamedKeys :many
SELECT * FROM tokenstate.api_key WHERE id = ANY(@ids::text[]);

-- name: NamedServiceKeys :many
SELECT * FROM tokenstate.service_key WHERE name = ANY(@names::text[]);

-- name: NamedMembers :many
SELECT t.* FROM (SELECT unnest(@realms::text[]) AS realm, unnest(@org_ids::text[]) AS org_id, unnest(@user_ids::text[]) AS user_id) n
JOIN tokenstate.org_member t ON t.realm = n.realm AND t.org_id = n.org_id AND t.user_id = n.user_id;
