-- +goose Up
-- What a stored token carries as iss; '': not known. Keycloak refuses it while its realm has another one.
ALTER TABLE tokenstate.offline_token ADD COLUMN issuer text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE tokenstate.offline_token DROP COLUMN issuer;
