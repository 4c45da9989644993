-- +goose Up
-- Which history of the database this is. It is another one after whatever can lose what was committed: a
-- promotion (the timeline), a restart (of a volume that was set back, too), another server, database or
-- table (a dump that was read in). What a server does not tell counts as ''.
-- +goose StatementBegin
CREATE FUNCTION tokenstate.history() RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    server text := '';
    line   text := '';
BEGIN
    BEGIN
        SELECT system_identifier::text INTO server FROM pg_control_system();
    EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_function THEN NULL;
    END;
    BEGIN -- not pg_control_checkpoint: it tells of a promotion only after the next checkpoint
        IF NOT pg_is_in_recovery() THEN
            line := left(pg_walfile_name(pg_current_wal_lsn()), 8);
        END IF;
    EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_function THEN NULL;
    END;
    RETURN concat_ws('/', server, line, (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint,
        (SELECT oid FROM pg_database WHERE datname = current_database()), 'tokenstate.epoch'::regclass::oid);
END $$;
-- +goose StatementEnd
-- The history in which a worker last read the log to its end; a confirmation of another one does not count.
ALTER TABLE tokenstate.epoch ADD COLUMN confirmed_in text NOT NULL DEFAULT '';
UPDATE tokenstate.epoch SET confirmed_in = tokenstate.history() WHERE confirmed;

-- +goose Down
ALTER TABLE tokenstate.epoch DROP COLUMN confirmed_in;
DROP FUNCTION tokenstate.history();
