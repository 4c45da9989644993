-- +goose Up
CREATE SCHEMA IF NOT EXISTS tokenstate;

-- Facts: one typed table per map of tokenstate.Facts, keyed by the full Go key. (at_ms, tie) is
-- exactly tokenstate.Rank, so one rule joins them all. No secondary index: updates stay HOT.
CREATE TABLE tokenstate.fact_standing (
    realm     text   NOT NULL CHECK (realm <> ''),
    user_id   text   NOT NULL,
    client    text   NOT NULL,
    session   text   NOT NULL,
    key       text   NOT NULL,
    authority text   NOT NULL CHECK (authority IN ('keycloak', 'backend')),
    node      text   NOT NULL,
    at_ms     bigint NOT NULL,
    tie       text   COLLATE "C" NOT NULL,
    gone boolean NOT NULL,
    disabled boolean NOT NULL,
    no_offline boolean NOT NULL,
    not_before_s bigint NOT NULL,
    client_id text NOT NULL,
    cause text NOT NULL,
    PRIMARY KEY (realm, user_id, client, session, key, authority, node)
) WITH (fillfactor = 80);

CREATE TABLE tokenstate.fact_look (
    realm     text   NOT NULL CHECK (realm <> ''),
    user_id   text   NOT NULL,
    client    text   NOT NULL,
    session   text   NOT NULL,
    key       text   NOT NULL,
    node      text   NOT NULL,
    at_ms     bigint NOT NULL,
    tie       text   COLLATE "C" NOT NULL,
    cause text NOT NULL,
    PRIMARY KEY (realm, user_id, client, session, key, node)
) WITH (fillfactor = 80);

CREATE TABLE tokenstate.fact_sighting (
    realm     text   NOT NULL CHECK (realm <> ''),
    user_id   text   NOT NULL,
    client    text   NOT NULL,
    session   text   NOT NULL,
    key       text   NOT NULL,
    gone      boolean NOT NULL,
    node      text   NOT NULL,
    at_ms     bigint NOT NULL,
    tie       text   COLLATE "C" NOT NULL,
    start_s bigint NOT NULL,
    second_s bigint NOT NULL,
    cause text NOT NULL,
    PRIMARY KEY (realm, user_id, client, session, key, gone, node)
) WITH (fillfactor = 80);

CREATE TABLE tokenstate.fact_refusal (
    realm     text   NOT NULL CHECK (realm <> ''),
    user_id   text   NOT NULL,
    client    text   NOT NULL,
    session   text   NOT NULL,
    key       text   NOT NULL,
    issued_at_s bigint NOT NULL,
    at_ms     bigint NOT NULL,
    tie       text   COLLATE "C" NOT NULL,
    refused boolean NOT NULL,
    retry_at_ms bigint NOT NULL,
    reason text NOT NULL,
    cause text NOT NULL,
    PRIMARY KEY (realm, user_id, client, session, key, issued_at_s)
) WITH (fillfactor = 80);

CREATE TABLE tokenstate.fact_cutoff (
    realm     text   NOT NULL CHECK (realm <> ''),
    user_id   text   NOT NULL,
    client    text   NOT NULL,
    session   text   NOT NULL,
    key       text   NOT NULL,
    cause     text   NOT NULL,
    at_ms     bigint NOT NULL,
    tie       text   COLLATE "C" NOT NULL,
    before_s bigint NOT NULL CHECK (before_s * 1000 = at_ms),
    happened_ms bigint NOT NULL,
    tokens boolean NOT NULL,
    keys boolean NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (realm, user_id, client, session, key, cause)
) WITH (fillfactor = 80);

CREATE TABLE tokenstate.fact_pardon (
    cause     text   NOT NULL,
    at_ms     bigint NOT NULL,
    tie       text   COLLATE "C" NOT NULL,
    pardoned_by text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (cause)
) WITH (fillfactor = 80);

CREATE TABLE tokenstate.fact_doubt (
    realm     text   NOT NULL CHECK (realm <> ''),
    user_id   text   NOT NULL,
    client    text   NOT NULL,
    session   text   NOT NULL,
    key       text   NOT NULL,
    beneath   boolean NOT NULL,
    settled   boolean NOT NULL,
    node      text   NOT NULL,
    at_ms     bigint NOT NULL,
    tie       text   COLLATE "C" NOT NULL,
    event text NOT NULL,
    PRIMARY KEY (realm, user_id, client, session, key, beneath, settled, node)
) WITH (fillfactor = 80);

-- The log as it was applied: each message id once.
CREATE TABLE tokenstate.journal (
    id          text PRIMARY KEY,
    seq         bigint NOT NULL,
    received_ms bigint NOT NULL,
    realm       text NOT NULL,
    class       text NOT NULL,
    raw         bytea NOT NULL CHECK (octet_length(raw) <= 65536)
);

-- What could not be decoded. A message of the stream is known by its sequence only.
CREATE TABLE tokenstate.parked (
    stream_created timestamptz NOT NULL,
    seq            bigint NOT NULL,
    received_ms    bigint NOT NULL,
    subject        text NOT NULL,
    reason         text NOT NULL,
    raw            bytea NOT NULL,
    PRIMARY KEY (stream_created, seq)
);

-- How far the log is applied. One row; its compare-and-set is the fence between two workers.
CREATE TABLE tokenstate.floor (
    one            boolean PRIMARY KEY DEFAULT true CHECK (one),
    stream         text NOT NULL DEFAULT '',
    stream_created timestamptz NOT NULL DEFAULT 'epoch',
    seq            bigint NOT NULL DEFAULT 0 CHECK (seq >= 0),
    digest         text NOT NULL DEFAULT ''
) WITH (fillfactor = 50);
INSERT INTO tokenstate.floor DEFAULT VALUES;

-- The epoch, new after a restore, and the version up to which a worker confirmed the floor in it.
CREATE TABLE tokenstate.epoch (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch     bigint NOT NULL DEFAULT 1 CHECK (epoch > 0),
    confirmed boolean NOT NULL DEFAULT false
);
INSERT INTO tokenstate.epoch DEFAULT VALUES;

-- The feed: append-only; feed_head is bumped last in each writing transaction, so that version
-- order is commit order and a missing version is a fault.
CREATE TABLE tokenstate.feed (
    version bigint NOT NULL,
    kind    text NOT NULL,
    key     text NOT NULL,
    nonce   text NOT NULL,
    value   jsonb,
    PRIMARY KEY (version, kind, key)
);
CREATE TABLE tokenstate.feed_head (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    nonce   text NOT NULL DEFAULT '',
    pruned  bigint NOT NULL DEFAULT 0 CHECK (pruned <= version)
) WITH (fillfactor = 50);
INSERT INTO tokenstate.feed_head DEFAULT VALUES;

CREATE TABLE tokenstate.node_heartbeat (
    node        text PRIMARY KEY,
    at_ms       bigint NOT NULL,
    received_ms bigint NOT NULL,
    value       jsonb NOT NULL
) WITH (fillfactor = 50);

-- Stored or tracked offline tokens, without their ciphertext. client is NULL until the UUID is known.
CREATE TABLE tokenstate.offline_token (
    realm         text NOT NULL CHECK (realm <> ''),
    user_id       text NOT NULL CHECK (user_id <> ''),
    client        text CHECK (client <> ''),
    client_id     text NOT NULL CHECK (client_id <> ''),
    session       text NOT NULL CHECK (session <> ''),
    issued_at_s   bigint NOT NULL CHECK (issued_at_s > 0),
    custody       text NOT NULL CHECK (custody IN ('sealed', 'tracked')),
    verified      boolean NOT NULL DEFAULT false,
    registered_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (realm, session, client_id)
);
CREATE INDEX offline_token_user ON tokenstate.offline_token (realm, user_id);

-- A table of its own: column grants would break SELECT * for the restricted roles.
CREATE TABLE tokenstate.offline_token_secret (
    realm      text NOT NULL,
    session    text NOT NULL,
    client_id  text NOT NULL,
    key_id     text NOT NULL,
    ciphertext bytea NOT NULL,
    PRIMARY KEY (realm, session, client_id),
    FOREIGN KEY (realm, session, client_id) REFERENCES tokenstate.offline_token ON DELETE CASCADE
);

CREATE TABLE tokenstate.api_key (
    id         text PRIMARY KEY,
    realm      text NOT NULL,
    user_id    text NOT NULL,
    org_id     text,
    name       text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('system', 'user', 'legacy')),
    digest     bytea NOT NULL UNIQUE,
    pepper_id  text NOT NULL,
    generation bigint NOT NULL DEFAULT 1 CHECK (generation > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz CHECK (expires_at > created_at),
    not_before timestamptz,
    revoked_at timestamptz,
    revoked_by text,
    blocked    boolean NOT NULL DEFAULT false -- no newer generation may be minted
);
CREATE UNIQUE INDEX api_key_system ON tokenstate.api_key (realm, user_id, coalesce(org_id, ''), name, generation)
    WHERE kind = 'system';

-- authapi's orders on their way to the log; the worker relays them, in their order of arrival.
CREATE TABLE tokenstate.outbox (
    n          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         text NOT NULL UNIQUE,
    raw        bytea NOT NULL CHECK (octet_length(raw) <= 65536),
    created_at timestamptz NOT NULL DEFAULT now(),
    relayed_at timestamptz
);
CREATE INDEX outbox_waiting ON tokenstate.outbox (n) WHERE relayed_at IS NULL;

-- The bounds that everybody judges by; the worker writes them from its configuration.
CREATE TABLE tokenstate.rules (
    one             boolean PRIMARY KEY DEFAULT true CHECK (one),
    margin_ms       bigint NOT NULL DEFAULT 10000 CHECK (margin_ms >= 0),
    skew_ms         bigint NOT NULL DEFAULT 5000 CHECK (skew_ms >= 0),
    cache_lag_ms    bigint NOT NULL DEFAULT 10000 CHECK (cache_lag_ms >= 0),
    sweep_ms        bigint NOT NULL DEFAULT 21600000 CHECK (sweep_ms > 0),
    closed_sweep_ms bigint NOT NULL DEFAULT 300000 CHECK (closed_sweep_ms > 0)
);
INSERT INTO tokenstate.rules DEFAULT VALUES;

CREATE TABLE tokenstate.service_key (
    name       text PRIMARY KEY CHECK (name <> ''),
    realm      text NOT NULL CHECK (realm <> ''),
    digest     bytea NOT NULL UNIQUE,
    pepper_id  text NOT NULL,
    scopes     text[] NOT NULL,
    orgs       text[] NOT NULL DEFAULT '{}', -- empty: all
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Roles belong to the cluster: two databases migrated at once race for them. One that is there is not made again, for then
-- an owner may do without CREATEROLE: Postgres asks for it before it says that the role exists.
-- +goose StatementBegin
DO $$
DECLARE r text;
BEGIN
    FOREACH r IN ARRAY ARRAY['tokenstate_migrate', 'tokenstate_worker', 'tokenstate_authapi', 'tokenstate_read'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = r);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', r);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
END $$;
-- +goose StatementEnd
GRANT USAGE ON SCHEMA tokenstate TO tokenstate_worker, tokenstate_authapi, tokenstate_read;
GRANT ALL ON SCHEMA tokenstate TO tokenstate_migrate;
GRANT SELECT ON ALL TABLES IN SCHEMA tokenstate TO tokenstate_worker, tokenstate_authapi, tokenstate_read;
REVOKE ALL ON tokenstate.offline_token_secret FROM tokenstate_worker, tokenstate_read;
REVOKE ALL ON tokenstate.service_key, tokenstate.api_key FROM tokenstate_read;
GRANT INSERT, UPDATE ON tokenstate.fact_standing, tokenstate.fact_look, tokenstate.fact_sighting,
    tokenstate.fact_refusal, tokenstate.fact_cutoff, tokenstate.fact_pardon, tokenstate.fact_doubt,
    tokenstate.node_heartbeat TO tokenstate_worker;
GRANT INSERT, DELETE ON tokenstate.journal, tokenstate.parked TO tokenstate_worker;
GRANT UPDATE ON tokenstate.floor, tokenstate.epoch, tokenstate.outbox TO tokenstate_worker;
GRANT INSERT ON tokenstate.feed TO tokenstate_worker, tokenstate_authapi;
GRANT DELETE ON tokenstate.feed TO tokenstate_worker;
GRANT UPDATE ON tokenstate.feed_head TO tokenstate_worker, tokenstate_authapi;
GRANT INSERT, UPDATE, DELETE ON tokenstate.offline_token, tokenstate.offline_token_secret TO tokenstate_authapi;
GRANT INSERT, UPDATE ON tokenstate.api_key, tokenstate.service_key TO tokenstate_authapi;
GRANT DELETE ON tokenstate.service_key TO tokenstate_authapi;
GRANT INSERT ON tokenstate.outbox TO tokenstate_authapi;
-- Its own orders act at its commit, before the worker has read them from the log.
GRANT INSERT, UPDATE ON tokenstate.fact_standing, tokenstate.fact_refusal, tokenstate.fact_cutoff, tokenstate.fact_doubt TO tokenstate_authapi;
GRANT UPDATE (client) ON tokenstate.offline_token TO tokenstate_worker;
GRANT UPDATE ON tokenstate.rules TO tokenstate_worker;

-- +goose Down
DROP SCHEMA tokenstate CASCADE;
