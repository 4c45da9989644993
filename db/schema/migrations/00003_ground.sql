-- +goose Up
-- The journal in the order of its commits (n), and whom each message names, for explain.
ALTER TABLE tokenstate.journal
    ADD COLUMN n     bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN about text[] NOT NULL DEFAULT '{}';
CREATE UNIQUE INDEX journal_n ON tokenstate.journal (n);
CREATE INDEX journal_about ON tokenstate.journal USING gin (about);

-- How far the journal was exported, and pruned: never beyond what was exported.
CREATE TABLE tokenstate.journal_state (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    exported_n bigint NOT NULL DEFAULT 0,
    pruned_n   bigint NOT NULL DEFAULT 0,
    CHECK (pruned_n <= exported_n)
);
INSERT INTO tokenstate.journal_state DEFAULT VALUES;

-- When each version was made, for pruning by age.
ALTER TABLE tokenstate.feed ADD COLUMN made_at timestamptz NOT NULL DEFAULT now();

-- A replay that was interrupted goes on from here.
CREATE TABLE tokenstate.replay (
    source     text PRIMARY KEY,
    position   bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Keycloak's event store is read up to upto_ms. missed_ms is the time of the latest event that
-- the last reading brought and no listener had: a node without it. 0: none.
CREATE TABLE tokenstate.backfill (
    realm     text PRIMARY KEY,
    upto_ms   bigint NOT NULL,
    missed_ms bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- What operators did to this database itself; orders and pardons are in the journal.
CREATE TABLE tokenstate.audit (
    n      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     timestamptz NOT NULL DEFAULT now(),
    actor  text NOT NULL,
    action text NOT NULL,
    detail text NOT NULL
);

GRANT SELECT ON tokenstate.journal_state, tokenstate.replay, tokenstate.backfill, tokenstate.audit
    TO tokenstate_worker, tokenstate_authapi, tokenstate_read;
GRANT INSERT, UPDATE ON tokenstate.backfill TO tokenstate_worker;
GRANT INSERT ON tokenstate.audit TO tokenstate_worker;
GRANT UPDATE ON tokenstate.journal, tokenstate.journal_state TO tokenstate_worker;
GRANT DELETE ON tokenstate.offline_token, tokenstate.outbox TO tokenstate_worker;

-- +goose Down
ALTER TABLE tokenstate.journal DROP COLUMN n, DROP COLUMN about;
ALTER TABLE tokenstate.feed DROP COLUMN made_at;
DROP TABLE tokenstate.journal_state, tokenstate.replay, tokenstate.backfill, tokenstate.audit;
