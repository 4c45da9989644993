-- +goose Up
-- What people are told: that a user must log in again, or is closed. The active worker writes it, and n is in the order of
-- commits, since whoever writes holds the head's row: a reader that goes on after an n misses nothing.
CREATE TABLE tokenstate.notice_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    n   bigint NOT NULL DEFAULT 0
);
INSERT INTO tokenstate.notice_head DEFAULT VALUES;

CREATE TABLE tokenstate.notice (
    n         bigint PRIMARY KEY,
    id        text NOT NULL UNIQUE,
    at        timestamptz NOT NULL,
    type      text NOT NULL,
    realm     text NOT NULL,
    user_id   text NOT NULL,
    client_id text NOT NULL, -- '' where it concerns no client
    body      text NOT NULL  -- the CloudEvent, byte for byte as it is delivered and signed
);
CREATE INDEX notice_realm ON tokenstate.notice (realm, n);
CREATE INDEX notice_at ON tokenstate.notice (at);

-- What was told last of a user's login with a client, of a user, or of a key. It outlives the notices.
CREATE TABLE tokenstate.notice_state (
    realm     text NOT NULL,
    user_id   text NOT NULL,
    client_id text NOT NULL,
    key_id    text NOT NULL,
    type      text NOT NULL,
    cause     text NOT NULL,
    id        text NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (realm, user_id, client_id, key_id)
);
GRANT SELECT, UPDATE ON tokenstate.notice_head TO tokenstate_worker;
GRANT SELECT, INSERT, DELETE ON tokenstate.notice TO tokenstate_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON tokenstate.notice_state TO tokenstate_worker;
GRANT SELECT ON tokenstate.notice, tokenstate.notice_head TO tokenstate_authapi, tokenstate_read;

-- +goose Down
DROP TABLE tokenstate.notice_state, tokenstate.notice, tokenstate.notice_head;
