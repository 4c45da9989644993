-- +goose Up
-- A version of the feed is one row of names, and has no value: programs from schema 72 on write and read it so, and older
-- ones may run no more (min_compatible). What those have left is taken out, and readers that have not got over it load a
-- snapshot; the last version keeps a row, whose nonce its readers compare, and which nobody reads for what it names.
DROP VIEW tokenstate.feed_shown;
-- Before the head is touched: a writer locks both tables, and then the head's row.
ALTER TABLE tokenstate.feed DROP COLUMN value;
UPDATE tokenstate.feed_head h SET pruned = greatest(h.pruned, least(old.last, h.version - 1))
FROM (SELECT max(version) AS last FROM tokenstate.feed WHERE kind <> 'names') old WHERE old.last IS NOT NULL;
DELETE FROM tokenstate.feed f USING tokenstate.feed_head h WHERE f.version <= h.pruned;
INSERT INTO tokenstate.feed (version, nonce, kind, key, names)
SELECT DISTINCT f.version, f.nonce, 'names', '', ''::bytea FROM tokenstate.feed f JOIN tokenstate.feed_head h USING (version) WHERE f.kind <> 'names';
DELETE FROM tokenstate.feed WHERE kind <> 'names';

-- kind and key say nothing any more. Programs of schema 72 to 74 write and read them: they go with min_compatible 75, as does
-- feed_shown, for there is nothing left in the feed that the console may not see.
ALTER TABLE tokenstate.feed ALTER COLUMN names SET NOT NULL, ALTER COLUMN kind SET DEFAULT 'names', ALTER COLUMN key SET DEFAULT '',
    ADD CONSTRAINT feed_names CHECK (kind = 'names' AND key = ''), DROP CONSTRAINT feed_pkey, ADD PRIMARY KEY (version);
CREATE VIEW tokenstate.feed_shown AS SELECT version, kind, key, nonce, names FROM tokenstate.feed;
GRANT SELECT ON tokenstate.feed_shown, tokenstate.feed TO tokenstate_console;

-- +goose Down
DROP VIEW tokenstate.feed_shown;
ALTER TABLE tokenstate.feed ADD COLUMN value jsonb, ALTER COLUMN names DROP NOT NULL, ALTER COLUMN kind DROP DEFAULT, ALTER COLUMN key DROP DEFAULT,
    DROP CONSTRAINT feed_names, DROP CONSTRAINT feed_pkey, ADD PRIMARY KEY (version, kind, key);
CREATE VIEW tokenstate.feed_shown AS
SELECT version, kind, key, nonce,
    (CASE WHEN kind IN ('token', 'standing', 'look', 'sighting', 'refusal', 'cutoff', 'pardon', 'doubt') THEN value
        WHEN kind = 'names' THEN '{}' END)::jsonb AS value,
    names
FROM tokenstate.feed;
REVOKE SELECT ON tokenstate.feed FROM tokenstate_console;
GRANT SELECT (version) ON tokenstate.feed TO tokenstate_console;
GRANT SELECT ON tokenstate.feed_shown TO tokenstate_console;
