-- +goose Up
-- What was learnt of people and sessions that nobody holds anything of is forgotten after a time (WORKER_UNHELD_KEEP). One row
-- says how far back that has reached, for who compares the facts with the journal, which forgets nothing.
CREATE TABLE tokenstate.forgetting (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    before_ms bigint NOT NULL DEFAULT 0
);
INSERT INTO tokenstate.forgetting DEFAULT VALUES;
GRANT SELECT ON tokenstate.forgetting TO tokenstate_read, tokenstate_console;
GRANT SELECT, UPDATE ON tokenstate.forgetting TO tokenstate_worker;
GRANT DELETE ON tokenstate.fact_standing, tokenstate.fact_look, tokenstate.fact_sighting, tokenstate.fact_refusal, tokenstate.fact_doubt
    TO tokenstate_worker;
-- What closes somebody is not forgotten, nor what the backend has said.
CREATE POLICY worker_forgets ON tokenstate.fact_standing AS RESTRICTIVE FOR DELETE TO tokenstate_worker
    USING (authority = 'keycloak' AND NOT gone AND NOT disabled AND not_before_s = 0);
CREATE INDEX org_member_user ON tokenstate.org_member (realm, user_id);

-- +goose Down
DROP INDEX tokenstate.org_member_user;
DROP POLICY worker_forgets ON tokenstate.fact_standing;
REVOKE DELETE ON tokenstate.fact_standing, tokenstate.fact_look, tokenstate.fact_sighting, tokenstate.fact_refusal, tokenstate.fact_doubt
    FROM tokenstate_worker;
DROP TABLE tokenstate.forgetting;
