-- +goose Up
-- Who made a key: a service credential, as the audit calls it. NULL: a key from before this column, or an imported one.
ALTER TABLE tokenstate.api_key ADD COLUMN made_by text;

-- +goose Down
ALTER TABLE tokenstate.api_key DROP COLUMN made_by;
