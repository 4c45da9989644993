-- +goose Up
-- Lines of the journal are folded (internal/folded), and named in `about` by seven signs of each name; older lines stay as they
-- are. A program that knows no folded line must not write one into a file as if it were JSON, for what a file holds may be
-- pruned: it cannot note its file, since it does not say for which schema it was made.
ALTER TABLE tokenstate.journal_export ADD COLUMN by_schema bigint NOT NULL DEFAULT 0;
ALTER TABLE tokenstate.journal_export ALTER COLUMN by_schema DROP DEFAULT;

-- +goose Down
ALTER TABLE tokenstate.journal_export DROP COLUMN by_schema;
