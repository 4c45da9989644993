-- +goose Up
-- The console holds the state against the journal, as `revocation-worker verify` does. It needs to read the view of verdicts, and
-- of the feed which versions there are. The other columns of the feed bear digests.
GRANT SELECT ON tokenstate.offline_token_state TO tokenstate_console;
GRANT SELECT (version) ON tokenstate.feed TO tokenstate_console;

-- +goose Down
REVOKE SELECT (version) ON tokenstate.feed FROM tokenstate_console;
REVOKE SELECT ON tokenstate.offline_token_state FROM tokenstate_console;
