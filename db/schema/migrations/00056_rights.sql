-- +goose Up
-- What a role may write by good will alone, as far as tables can tell; the feed's own rows they cannot.

-- authapi gives orders: it says nothing in Keycloak's name, and changes no cutoff of another source.
ALTER TABLE tokenstate.fact_standing ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody_reads ON tokenstate.fact_standing FOR SELECT USING (true);
CREATE POLICY worker ON tokenstate.fact_standing TO tokenstate_worker USING (true) WITH CHECK (true);
CREATE POLICY authapi_adds ON tokenstate.fact_standing FOR INSERT TO tokenstate_authapi WITH CHECK (authority = 'backend');
CREATE POLICY authapi_changes ON tokenstate.fact_standing FOR UPDATE TO tokenstate_authapi USING (authority = 'backend') WITH CHECK (authority = 'backend');

ALTER TABLE tokenstate.fact_cutoff ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody_reads ON tokenstate.fact_cutoff FOR SELECT USING (true);
CREATE POLICY worker ON tokenstate.fact_cutoff TO tokenstate_worker USING (true) WITH CHECK (true);
CREATE POLICY authapi_adds ON tokenstate.fact_cutoff FOR INSERT TO tokenstate_authapi WITH CHECK (key <> '' OR reason = 'revoked_by_order');
CREATE POLICY authapi_changes ON tokenstate.fact_cutoff FOR UPDATE TO tokenstate_authapi
    USING (key <> '' OR reason = 'revoked_by_order') WITH CHECK (key <> '' OR reason = 'revoked_by_order');

-- It raises doubts and settles none.
ALTER TABLE tokenstate.fact_doubt ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody_reads ON tokenstate.fact_doubt FOR SELECT USING (true);
CREATE POLICY worker ON tokenstate.fact_doubt TO tokenstate_worker USING (true) WITH CHECK (true);
CREATE POLICY authapi_adds ON tokenstate.fact_doubt FOR INSERT TO tokenstate_authapi WITH CHECK (NOT settled);
CREATE POLICY authapi_changes ON tokenstate.fact_doubt FOR UPDATE TO tokenstate_authapi USING (NOT settled) WITH CHECK (NOT settled);

-- No program's role revives a key, nor makes one of ours another user's. (An import brings a key of another
-- system again. The owner of the table may do anything, as with the policies above.)
-- +goose StatementBegin
CREATE FUNCTION tokenstate.keep_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_has_role((SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RETURN NEW;
    END IF;
    IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at OR OLD.blocked AND NOT NEW.blocked THEN
        RAISE EXCEPTION 'a revoked or blocked key stays so' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (NEW.id, NEW.realm, NEW.kind) IS DISTINCT FROM (OLD.id, OLD.realm, OLD.kind) OR OLD.kind <> 'legacy' AND
        (NEW.user_id, NEW.org_id, NEW.name, NEW.generation, NEW.created_at) IS DISTINCT FROM (OLD.user_id, OLD.org_id, OLD.name, OLD.generation, OLD.created_at) THEN
        RAISE EXCEPTION 'what a key is and whose it is stays' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER keep_key BEFORE UPDATE ON tokenstate.api_key FOR EACH ROW EXECUTE FUNCTION tokenstate.keep_key();

-- What a credential may do is said when it is made.
REVOKE UPDATE ON tokenstate.service_key FROM tokenstate_authapi;
GRANT UPDATE (digest, pepper_id) ON tokenstate.service_key TO tokenstate_authapi;

-- The feed bears digests.
REVOKE SELECT ON tokenstate.feed FROM tokenstate_read;

-- +goose Down
GRANT SELECT ON tokenstate.feed TO tokenstate_read;
GRANT UPDATE ON tokenstate.service_key TO tokenstate_authapi;
DROP TRIGGER keep_key ON tokenstate.api_key;
DROP FUNCTION tokenstate.keep_key();
DROP POLICY everybody_reads ON tokenstate.fact_standing;
DROP POLICY worker ON tokenstate.fact_standing;
DROP POLICY authapi_adds ON tokenstate.fact_standing;
DROP POLICY authapi_changes ON tokenstate.fact_standing;
ALTER TABLE tokenstate.fact_standing DISABLE ROW LEVEL SECURITY;
DROP POLICY everybody_reads ON tokenstate.fact_cutoff;
DROP POLICY worker ON tokenstate.fact_cutoff;
DROP POLICY authapi_adds ON tokenstate.fact_cutoff;
DROP POLICY authapi_changes ON tokenstate.fact_cutoff;
ALTER TABLE tokenstate.fact_cutoff DISABLE ROW LEVEL SECURITY;
DROP POLICY everybody_reads ON tokenstate.fact_doubt;
DROP POLICY worker ON tokenstate.fact_doubt;
DROP POLICY authapi_adds ON tokenstate.fact_doubt;
DROP POLICY authapi_changes ON tokenstate.fact_doubt;
ALTER TABLE tokenstate.fact_doubt DISABLE ROW LEVEL SECURITY;
