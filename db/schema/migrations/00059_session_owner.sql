-- +goose Up
-- Whose session a look has listed; '': it did not say. The user whom a token names need not be a user of Keycloak.
ALTER TABLE tokenstate.fact_sighting ADD COLUMN owner text NOT NULL DEFAULT '';

-- +goose Down
-- The column stays: the view of the next migration reads it.
SELECT 1;
