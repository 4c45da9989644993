-- +goose Up
-- Which notices an endpoint has not taken yet. A row comes with its notice and goes with the endpoint's word that it has it.
-- Whoever tries takes the attempt first, so that two workers do not send the same at once.
CREATE TABLE tokenstate.notice_delivery (
    endpoint  text NOT NULL,
    n         bigint NOT NULL REFERENCES tokenstate.notice ON DELETE CASCADE,
    attempts  int NOT NULL DEFAULT 0,
    next_at   timestamptz NOT NULL DEFAULT now(),
    fault     text NOT NULL DEFAULT '', -- of the last attempt
    parked_at timestamptz,              -- it is not tried any more
    PRIMARY KEY (endpoint, n)
);
CREATE INDEX notice_delivery_due ON tokenstate.notice_delivery (endpoint, next_at) WHERE parked_at IS NULL;
CREATE INDEX notice_delivery_n ON tokenstate.notice_delivery (n); -- for the pruning of notices
GRANT SELECT, INSERT, UPDATE, DELETE ON tokenstate.notice_delivery TO tokenstate_worker;
GRANT SELECT ON tokenstate.notice_delivery TO tokenstate_read;

-- +goose Down
DROP TABLE tokenstate.notice_delivery;
