#!/bin/sh
# Run once by the Postgres image on an empty database: the users of the three programs, each with
# the rights of one role of the schema. The migration finds the roles there.
set -eu
psql -v ON_ERROR_STOP=1 -v worker="$WORKER_DB_PASSWORD" -v authapi="$AUTHAPI_DB_PASSWORD" -v console="$CONSOLE_DB_PASSWORD" -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<'SQL'
CREATE ROLE tokenstate_worker NOLOGIN;
CREATE ROLE tokenstate_authapi NOLOGIN;
CREATE ROLE tokenstate_console NOLOGIN;
CREATE ROLE worker LOGIN PASSWORD :'worker' IN ROLE tokenstate_worker;
CREATE ROLE authapi LOGIN PASSWORD :'authapi' IN ROLE tokenstate_authapi;
CREATE ROLE console LOGIN PASSWORD :'console' IN ROLE tokenstate_console;
SQL
