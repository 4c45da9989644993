-- +goose Up
-- Whose turn it is to refresh a session's token, and for as long as it may be used, what came of
-- it: one replica asks Keycloak, the others read (docs/decisions/0007). The access token is
-- sealed, and of no more use than its few minutes.
CREATE TABLE tokenstate.refresh_turn (
    realm      text NOT NULL,
    session    text NOT NULL,
    client_id  text NOT NULL,
    turn       text NOT NULL,                  -- random: who has it
    until      timestamptz,                    -- then another may take it; NULL: nobody has it
    unsure     boolean NOT NULL DEFAULT false, -- of who has it: how the refresh before ended is not known
    had_at     timestamptz,
    expires_at timestamptz,
    key_id     text,
    ciphertext bytea,
    PRIMARY KEY (realm, session, client_id),
    FOREIGN KEY (realm, session, client_id) REFERENCES tokenstate.offline_token ON DELETE CASCADE,
    CHECK (num_nulls(had_at, expires_at, key_id, ciphertext) IN (0, 4))
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON tokenstate.refresh_turn TO tokenstate_authapi;
-- +goose Down
DROP TABLE tokenstate.refresh_turn;
