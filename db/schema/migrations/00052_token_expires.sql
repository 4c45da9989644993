-- +goose Up
-- A token that carries an exp of its own dies by it, whatever becomes of its session. 0: it has none, or nobody has
-- said which.
ALTER TABLE tokenstate.offline_token ADD COLUMN expires_at_s bigint NOT NULL DEFAULT 0 CHECK (expires_at_s >= 0);

-- +goose Down
-- The column stays: the view of the next migration reads it.
SELECT 1;
