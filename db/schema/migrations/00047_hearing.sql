-- +goose Up
-- What earlier heartbeats of a node have left open: of which time its messages may be lost (to 0: of
-- none), which processes spoke before this one, and when one of those last spoke again.
ALTER TABLE tokenstate.node_heartbeat
    ADD COLUMN lost_from_ms bigint NOT NULL DEFAULT 0,
    ADD COLUMN lost_to_ms   bigint NOT NULL DEFAULT 0,
    ADD COLUMN clash_ms     bigint NOT NULL DEFAULT 0,
    ADD COLUMN earlier      text[] NOT NULL DEFAULT '{}';

-- What Keycloak had committed by known_ms has been read. upto_ms lies before it by the overlap, which
-- the next reading goes back for rows that were written late. 0: an older program, see upto_ms.
ALTER TABLE tokenstate.backfill ADD COLUMN known_ms bigint NOT NULL DEFAULT 0;
-- A realm of which nothing is held any more is read by nobody, and must not hold knowledge back.
GRANT DELETE ON tokenstate.backfill TO tokenstate_worker;

-- +goose Down
REVOKE DELETE ON tokenstate.backfill FROM tokenstate_worker;
ALTER TABLE tokenstate.backfill DROP COLUMN known_ms;
ALTER TABLE tokenstate.node_heartbeat DROP COLUMN lost_from_ms, DROP COLUMN lost_to_ms, DROP COLUMN clash_ms, DROP COLUMN earlier;
