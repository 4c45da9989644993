-- +goose Up
-- A node that is gone for good is forgotten.
GRANT DELETE ON tokenstate.node_heartbeat TO tokenstate_worker;

-- +goose Down
REVOKE DELETE ON tokenstate.node_heartbeat FROM tokenstate_worker;
