-- +goose Up
-- What a stored token may do, separated by blanks; '': not known. A token with fewer scopes does not silently take its place.
ALTER TABLE tokenstate.offline_token ADD COLUMN scope text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE tokenstate.offline_token DROP COLUMN scope;
