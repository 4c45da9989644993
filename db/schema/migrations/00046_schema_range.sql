-- +goose Up
-- Which programs may run on this schema: those made for a version from min_compatible to version.
-- `revocation-worker migrate up` writes it; a program asks on each new connection.
CREATE TABLE tokenstate.schema_range (
    one            boolean PRIMARY KEY DEFAULT true CHECK (one),
    version        bigint NOT NULL,
    min_compatible bigint NOT NULL CHECK (min_compatible <= version)
);
GRANT SELECT ON tokenstate.schema_range TO tokenstate_worker, tokenstate_authapi, tokenstate_read;

-- +goose Down
DROP TABLE tokenstate.schema_range;
