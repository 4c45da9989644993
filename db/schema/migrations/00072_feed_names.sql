-- +goose Up
-- A version of the feed is one row of the kind 'names', with the names of what its transaction changed; readers read the
-- named rows in their own tables. Older programs write a row for each change, whose kind and key are a name as well, and
-- value, which nobody believes any more. They cannot read the new rows, and load a snapshot instead.
ALTER TABLE tokenstate.feed ADD COLUMN names bytea;

-- What is named may be seen: the kinds and keys of older rows are. An older console must notice the new rows, so they have
-- a value that it cannot read.
CREATE OR REPLACE VIEW tokenstate.feed_shown AS
SELECT version, kind, key, nonce,
    (CASE WHEN kind IN ('token', 'standing', 'look', 'sighting', 'refusal', 'cutoff', 'pardon', 'doubt') THEN value
        WHEN kind = 'names' THEN '{}' END)::jsonb AS value,
    names
FROM tokenstate.feed;

-- +goose Down
DELETE FROM tokenstate.feed;
UPDATE tokenstate.feed_head SET pruned = version;
DROP VIEW tokenstate.feed_shown;
ALTER TABLE tokenstate.feed DROP COLUMN names;
CREATE VIEW tokenstate.feed_shown AS
SELECT version, kind, key, nonce,
    (CASE WHEN kind IN ('token', 'standing', 'look', 'sighting', 'refusal', 'cutoff', 'pardon', 'doubt') THEN value END)::jsonb AS value
FROM tokenstate.feed;
GRANT SELECT ON tokenstate.feed_shown TO tokenstate_console;
