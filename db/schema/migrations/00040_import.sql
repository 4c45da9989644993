-- +goose Up
-- When a key was last used, as far as is known.
ALTER TABLE tokenstate.api_key ADD COLUMN IF NOT EXISTS last_used_at timestamptz;

-- How far an import from another system's database has come; no row: it is not under way.
CREATE TABLE tokenstate.import (
    source     text PRIMARY KEY,
    position   text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, UPDATE, DELETE ON tokenstate.import TO tokenstate_authapi;
GRANT SELECT ON tokenstate.import TO tokenstate_worker, tokenstate_read;

-- +goose Down
DROP TABLE tokenstate.import; -- the column stays: an earlier migration may have added it, too
