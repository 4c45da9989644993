-- +goose Up
-- Which worker is the active one, and until when by the database's clock. It renews that; who finds
-- it past takes the lease.
CREATE TABLE tokenstate.lease (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    holder text NOT NULL,        -- of one taking; random
    name   text NOT NULL,        -- for people: the machine
    until  timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON tokenstate.lease TO tokenstate_worker;
GRANT SELECT ON tokenstate.lease TO tokenstate_authapi, tokenstate_read;

-- +goose Down
DROP TABLE tokenstate.lease;
