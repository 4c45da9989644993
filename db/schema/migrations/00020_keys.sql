-- +goose Up
-- What a user's own key needs beyond a system key.
ALTER TABLE tokenstate.api_key
    ADD COLUMN scopes       text NOT NULL DEFAULT '', -- of the key itself, separated by spaces
    ADD COLUMN last_four    text CHECK (length(last_four) = 4), -- of the whole key, so that people can tell keys apart
    ADD COLUMN last_used_at timestamptz, -- at least then; written late, and lost rather than waited for
    ADD COLUMN replaces     text UNIQUE REFERENCES tokenstate.api_key (id), -- the key that was rotated into this one, once
    SET (fillfactor = 80);
CREATE INDEX api_key_owner ON tokenstate.api_key (realm, user_id, created_at, id);

-- Who belongs to an organization; read only where AUTHAPI_ORG_CHECK is members.
CREATE TABLE tokenstate.org_member (
    realm    text NOT NULL CHECK (realm <> ''),
    org_id   text NOT NULL CHECK (org_id <> ''),
    user_id  text NOT NULL CHECK (user_id <> ''),
    added_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (realm, org_id, user_id)
);

-- Requests under an Idempotency-Key, for 24 hours. The secret that was given is derived from the
-- master and this seed, and stored nowhere; without the row nobody can derive it again.
CREATE TABLE tokenstate.once (
    realm      text NOT NULL,
    caller     text NOT NULL,
    key        bytea NOT NULL CHECK (length(key) = 32), -- digest of the Idempotency-Key
    request    bytea NOT NULL CHECK (length(request) = 32), -- digest of what was asked for
    seed       bytea NOT NULL CHECK (length(seed) = 32),
    key_id     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (realm, caller, key)
);
CREATE INDEX once_created ON tokenstate.once (created_at);

-- Acts with a service credential. Each hash covers the row and the hash before it, so that a row
-- changed or removed later shows; the head shows a missing end.
CREATE TABLE tokenstate.act (
    n       bigint PRIMARY KEY,
    at_ms   bigint NOT NULL,
    realm   text NOT NULL,
    actor   text NOT NULL,
    action  text NOT NULL,
    target  text NOT NULL,
    status  int NOT NULL,
    times   bigint NOT NULL CHECK (times > 0), -- equal acts that only read are one row
    request text NOT NULL,
    hash    bytea NOT NULL CHECK (length(hash) = 32)
);
CREATE TABLE tokenstate.act_head (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    n    bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
) WITH (fillfactor = 50);
INSERT INTO tokenstate.act_head DEFAULT VALUES;

GRANT SELECT ON tokenstate.org_member TO tokenstate_worker, tokenstate_authapi;
GRANT INSERT, DELETE ON tokenstate.org_member TO tokenstate_authapi;
GRANT SELECT, INSERT, UPDATE, DELETE ON tokenstate.once TO tokenstate_authapi;
GRANT SELECT, INSERT ON tokenstate.act TO tokenstate_authapi;
GRANT SELECT, UPDATE ON tokenstate.act_head TO tokenstate_authapi;
GRANT SELECT ON tokenstate.act, tokenstate.act_head TO tokenstate_read;

-- +goose Down
DROP TABLE tokenstate.act, tokenstate.act_head, tokenstate.once, tokenstate.org_member;
DROP INDEX tokenstate.api_key_owner;
ALTER TABLE tokenstate.api_key DROP COLUMN scopes, DROP COLUMN last_four, DROP COLUMN last_used_at, DROP COLUMN replaces;
