-- +goose Up
-- Which lines of the journal lie in which file. Only those may be pruned.
CREATE TABLE tokenstate.journal_export (
    from_n  bigint NOT NULL,
    to_n    bigint NOT NULL CHECK (to_n >= from_n),
    lines   bigint NOT NULL,
    file    text NOT NULL,  -- as it was named then
    sha256  text NOT NULL,  -- of its lines, as its last line says
    made_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT ON tokenstate.journal_export TO tokenstate_worker;
GRANT SELECT ON tokenstate.journal_export TO tokenstate_read;
INSERT INTO tokenstate.journal_export (from_n, to_n, lines, file, sha256)
SELECT 0, exported_n, 0, 'exported by an older program', '' FROM tokenstate.journal_state WHERE exported_n > 0;

-- +goose Down
DROP TABLE tokenstate.journal_export;
