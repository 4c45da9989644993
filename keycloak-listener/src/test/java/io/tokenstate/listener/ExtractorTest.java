package io.tokenstate.listener;

import static io.tokenstate.listener.Samples.admin;
import static io.tokenstate.listener.Samples.extract;
import static io.tokenstate.listener.Samples.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.keycloak.events.Event;
import org.keycloak.events.EventType;
import org.keycloak.events.admin.AdminEvent;
import org.keycloak.events.admin.OperationType;

class ExtractorTest {
    private static Subject on(Subject.Kind kind, String id) {
        return new Subject("Demo Realm", "demo", kind, id);
    }

    @Test
    void logoutNamesItsSession() {
        Happened h = extract(user(EventType.LOGOUT, "u1", "s1", "app"));
        assertEquals(on(Subject.Kind.USER, "u1"), h.subject());
        assertEquals("s1", h.cause(0, 0).session());
        assertFalse(h.cause(0, 0).narrow());
        assertFalse(h.birth());
    }

    @Test
    void copiesWhatKeycloakWillChange() {
        Event e = user(EventType.LOGOUT, "u1", "s1", "app", "reason", "x");
        Happened h = extract(e);
        e.setSessionId("s2");
        e.getDetails().put("reason", "y");
        assertEquals("s1", h.session());
        assertEquals("x", h.details().get("reason"));
    }

    @Test
    void revokeIsAboutTheRevokedClient() {
        Happened h = extract(user(EventType.REVOKE_GRANT, "u1", "s1", "account", "revoked_client", "app",
                "refresh_token_type", "Offline"));
        assertEquals("app", h.clientId());
        // Without its UUID the session must not be named: that would end its other clients too.
        assertNull(h.cause(0, 0).session());
        Cause known = h.withClient("c1", "app").cause(0, 0);
        assertEquals("s1", known.session());
        assertTrue(known.narrow());
    }

    @Test
    void otherRevokesNameNothing() {
        assertNull(extract(user(EventType.REVOKE_GRANT, "u1", "s1", "app", "refresh_token_type", "Refresh"))
                .withClient("c1", "app").cause(0, 0).session());
        assertNull(extract(user(EventType.REVOKE_GRANT, "u1", null, "account", "revoked_client", "app"))
                .cause(0, 0).session());
    }

    @Test
    void onlyOfflineLoginsAreBirths() {
        assertNull(extract(user(EventType.LOGIN, "u1", "s1", "app")));
        assertNull(extract(user(EventType.CODE_TO_TOKEN, "u1", "s1", "app", "refresh_token_type", "Refresh")));
        Happened h = extract(user(EventType.CODE_TO_TOKEN, "u1", "s1", "app", "refresh_token_type", "Offline"));
        assertTrue(h.birth());
        assertNull(h.cause(0, 0).session());
    }

    @Test
    void refreshErrorsNameTheirUserInADetail() {
        Event e = user(EventType.REFRESH_TOKEN_ERROR, null, "s1", "app", "refresh_token_sub", "u1", "username", "ann");
        e.setError("invalid_token");
        Happened h = extract(e);
        assertEquals("u1", h.user());
        assertEquals(on(Subject.Kind.USER, "u1"), h.subject());
        assertNull(h.cause(0, 0).session());
        assertEquals(Map.of("refresh_token_sub", "u1"), h.details());
        assertEquals(0, h.suppressed());
        assertNull(extract(user(EventType.REFRESH_TOKEN_ERROR, null, null, "app")).subject());
    }

    @Test
    void removedClientsKeepBothNames() {
        Removed removed = new Removed();
        removed.client("c1", "app");
        Happened h = Samples.EXTRACTOR.user(user(EventType.CLIENT_DELETE, null, null, "app"), "Demo Realm", removed);
        assertEquals(on(Subject.Kind.CLIENT, "c1"), h.subject());
        Happened a = Samples.EXTRACTOR.admin(admin(OperationType.DELETE, "CLIENT", "clients/c1", null), "Demo Realm",
                false, removed);
        assertEquals("app", a.clientId());
        assertNull(a.representation());
    }

    @ParameterizedTest
    @EnumSource(EventType.class)
    void everythingMayBeNull(EventType type) {
        Happened h = extract(user(type, null, null, null));
        if (h != null) {
            Schema.valid(Samples.ENVELOPE.event(h, Samples.AT));
        }
        boolean published = Set.of("LOGOUT", "REVOKE_GRANT", "USER_SESSION_DELETED", "REFRESH_TOKEN_ERROR",
                "DELETE_ACCOUNT", "USER_DISABLED_BY_PERMANENT_LOCKOUT", "UPDATE_CONSENT", "CLIENT_UPDATE",
                "CLIENT_DELETE")
                .contains(type.name());
        assertEquals(published, h != null);
    }

    @Test
    void nullEventsAndForeignRealms() {
        assertNull(extract(new Event()));
        assertNull(extract(admin(null, null, null, null)));
        assertNull(Samples.EXTRACTOR.user(user(EventType.LOGOUT, "u", "s", "c"), "master", new Removed()));
        assertNull(Samples.EXTRACTOR.user(user(EventType.LOGOUT, "u", "s", "c"), null, new Removed()));
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", value = {
        "UPDATE, USER, users/u1, USER, u1",
        "CREATE, USER, users/u1, USER, u1",
        "DELETE, REALM_ROLE_MAPPING, users/u1/role-mappings/realm, USER, u1",
        "DELETE, REALM_ROLE_MAPPING, groups/g/role-mappings/realm, REALM, ''",
        "CREATE, GROUP_MEMBERSHIP, users/u1/groups/g, USER, u1",
        "CREATE, ORGANIZATION_MEMBERSHIP, organizations/o/members, REALM, ''",
        "CREATE, REALM_ROLE, roles/r/composites, REALM, ''",
        "CREATE, CLIENT_ROLE, clients/c1/roles/r/composites, CLIENT, c1",
        "DELETE, CLIENT_ROLE, clients/c1/roles/r/composites, CLIENT, c1",
        "DELETE, CLIENT_ROLE, clients/c1/roles/r, CLIENT, c1",
        "DELETE, CLIENT_ROLE, roles-by-id/x/composites, REALM, ''",
        "UPDATE, CLIENT, clients/c1, CLIENT, c1",
        "DELETE, CLIENT_SCOPE_CLIENT_MAPPING, clients/c1/optional-client-scopes/x, CLIENT, c1",
        "DELETE, CLIENT_SCOPE_CLIENT_MAPPING, client-scopes/x/scope-mappings/realm, REALM, ''",
        "UPDATE, REALM, -, REALM, ''",
        "ACTION, REALM, logout-all, REALM, ''",
        "DELETE, COMPONENT, components/x, REALM, ''",
        "DELETE, IDENTITY_PROVIDER, identity-provider/instances/x, REALM, ''",
    })
    void adminEventsAndWhomTheyTouch(OperationType op, String resource, String path, Subject.Kind kind, String id) {
        Happened h = extract(admin(op, resource, path, null));
        assertEquals(on(kind, id), h.subject());
        assertEquals(op + " " + resource, h.type());
        assertNull(h.cause(0, 0).session());
        Schema.valid(Samples.ENVELOPE.event(h, Samples.AT));
    }

    @ParameterizedTest
    @CsvSource({"CREATE, CLIENT", "CREATE, REALM_ROLE", "CREATE, GROUP", "CREATE, CLIENT_ROLE", "UPDATE, USER_PROFILE",
        "DELETE, USER_LOGIN_FAILURE", "CREATE, CLIENT_SCOPE"})
    void adminEventsOfNoConcern(OperationType op, String resource) {
        assertNull(extract(admin(op, resource, "roles/x", null)));
    }

    @Test
    void deletedSessions() {
        Happened offline = extract(admin(OperationType.DELETE, "USER_SESSION", "sessions/s1", "{\"offline\":true}"));
        assertEquals(on(Subject.Kind.SESSION, "s1"), offline.subject());
        assertEquals("s1", offline.cause(0, 0).session());
        Happened unknown = extract(admin(OperationType.DELETE, "USER_SESSION", "sessions/s1", null));
        assertEquals("s1", unknown.cause(0, 0).session());
        Happened online = extract(admin(OperationType.DELETE, "USER_SESSION", "sessions/s1", "{\"offline\":false}"));
        assertNull(online.subject());
        assertNull(online.cause(0, 0).session());
    }

    @Test
    void representationsAreReducedAndOnlyWhereIncluded() {
        String body = "{\"username\":\"ann\",\"attributes\":{\"enabled\":[\"x\"]},\"enabled\":false,\"notBefore\":7,"
                + "\"clientId\":5,\"consentRequired\":null}";
        assertEquals(Map.of("enabled", false, "notBefore", 7L),
                extract(admin(OperationType.UPDATE, "USER", "users/u1", body)).representation());
        assertNull(Samples.EXTRACTOR.admin(admin(OperationType.UPDATE, "USER", "users/u1", body), "Demo Realm", false,
                new Removed()).representation());
        assertEquals(Map.of(), Representation.reduce("[{\"enabled\":true}]"));
    }

    /** A cut text proves nothing: were its {@code offline:false} believed, nobody would be doubted or looked at. */
    @ParameterizedTest
    @ValueSource(strings = {"{\"offline\":false,\"x\":", "{\"offline\":false", "{\"offline\":false} and more"})
    void brokenRepresentationsAreNotBelieved(String body) {
        Happened h = extract(admin(OperationType.DELETE, "USER_SESSION", "sessions/s1", body));
        assertEquals(Map.of(), h.representation());
        assertEquals(on(Subject.Kind.SESSION, "s1"), h.subject());
        assertEquals("s1", h.cause(0, 0).session());
    }

    @Test
    void realmDeletionIsToldInTheAdministratorsRealmAndNeedsAWitness() {
        Removed removed = new Removed();
        var event = admin(OperationType.DELETE, "REALM", "Demo Realm", null);
        assertNull(Samples.EXTRACTOR.admin(event, "master", false, removed));
        removed.realm("Demo Realm");
        Happened h = Samples.EXTRACTOR.admin(event, "master", false, removed);
        assertEquals("demo", h.realm());
        assertEquals("Demo Realm", h.realmName());
        assertEquals(on(Subject.Kind.REALM, ""), h.subject());
        removed.realm("other");
        assertNull(Samples.EXTRACTOR.admin(admin(OperationType.DELETE, "REALM", "other", null), "master", false, removed));
    }

    @Test
    void boundsEverything() {
        String huge = "😀".repeat(70_000);
        Event e = user(EventType.LOGOUT, huge, "s\u0000", huge, "reason", huge, "grant_type", "a\uD83D");
        e.setError(huge);
        e.setId(huge);
        Happened h = extract(e);
        assertNotNull(h);
        assertNull(h.session());
        assertNull(extract(admin(OperationType.UPDATE, "USER", "users/" + huge, null)).user());
        Schema.valid(Samples.ENVELOPE.event(h, Samples.AT));
        Schema.valid(Samples.ENVELOPE.event(extract(admin(OperationType.UPDATE, "USER", "users/" + huge, huge)), Samples.AT));
    }

    /** Keycloak 26.7 gives what a partial import makes the resource type REALM. */
    @Test
    void whoIsImportedIsLookedAt() {
        Happened h = extract(admin(OperationType.CREATE, "REALM", "users/u1", null));
        assertEquals(on(Subject.Kind.USER, "u1"), h.subject());
        assertEquals("demo", h.realm());
        assertNull(extract(admin(OperationType.CREATE, "REALM", "clients/c1", null)), "what is new had no token");
        assertNull(extract(admin(OperationType.CREATE, "REALM", "roles/team", null)));
    }

    @Test
    void whatAnAdministratorFailedToDoHasNotHappened() {
        AdminEvent e = admin(OperationType.DELETE, "USER", "users/u1", null);
        e.setError("not found");
        assertNull(extract(e));
    }
}
