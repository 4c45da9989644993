-- +goose Up
-- Ids of back-channel logout tokens that were taken. A token older than a day is refused for its
-- age, so an older id may be forgotten.
CREATE TABLE tokenstate.logout_token (
    realm   text NOT NULL CHECK (realm <> ''),
    jti     text NOT NULL CHECK (octet_length(jti) BETWEEN 1 AND 255),
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (realm, jti)
);
CREATE INDEX logout_token_age ON tokenstate.logout_token (seen_at);

GRANT SELECT ON tokenstate.logout_token TO tokenstate_worker, tokenstate_authapi, tokenstate_read;
GRANT INSERT, DELETE ON tokenstate.logout_token TO tokenstate_authapi;

-- +goose Down
DROP TABLE tokenstate.logout_token;
