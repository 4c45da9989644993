package io.tokenstate.listener;

import static io.tokenstate.listener.FakeSession.answering;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.keycloak.models.ClientModel;
import org.keycloak.models.GroupModel;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.RoleContainerModel;
import org.keycloak.models.RoleModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.workflow.ResourceType;
import org.keycloak.models.workflow.WorkflowProviderEvent;
import org.keycloak.provider.ProviderEvent;

class ProviderEventsTest {
    private static final long NOW = Samples.AT;

    private final ProviderEvents events = new ProviderEvents(Realms.parse("Demo Realm=demo", new ArrayList<>()), () -> NOW);
    private final KeycloakSession session = answering(KeycloakSession.class, Map.of());
    private final RealmModel realm = realm("Demo Realm");

    private static RealmModel realm(String name) {
        return answering(RealmModel.class, Map.of("getName", a -> name));
    }

    private static UserModel user(String store, Long born) {
        return answering(UserModel.class, Map.of("getId", a -> "u1", "getFederationLink", a -> store,
                "getCreatedTimestamp", a -> born));
    }

    private static RoleModel role(String name, boolean composite, RoleContainerModel in) {
        return answering(RoleModel.class, Map.of("getName", a -> name, "isComposite", a -> composite,
                "getContainer", a -> in));
    }

    private <T extends ProviderEvent> T event(Class<T> type, Map<String, Function<Object[], Object>> more) {
        Map<String, Function<Object[], Object>> answers = new HashMap<>(more);
        answers.put("getKeycloakSession", a -> session);
        answers.putIfAbsent("getRealm", a -> realm);
        return answering(type, answers);
    }

    private ProviderEvents.Told removed(String store) {
        return events.read(event(UserModel.UserRemovedEvent.class, Map.of("getUser", a -> user(store, null))));
    }

    @Test
    void aRemovedUserIsTold() throws IOException {
        ProviderEvents.Told told = removed(null);
        assertSame(session, told.session());
        assertFalse(told.committed(), "it waits for the commit");
        Happened h = told.happened();
        assertEquals(new Subject("Demo Realm", "demo", Subject.Kind.USER, "u1"), h.subject());
        assertEquals(Map.of(), h.details());
        assertTrue(h.birth(), "its sessions may be removed in a second transaction");
        Message m = Samples.ENVELOPE.event(h, Samples.AT);
        assertEquals("tokenstate.v1.demo.event.USER_REMOVED", m.subject());
        assertEquals("provider", Schema.valid(m).path("data").path("kind").asText());
        String sample = Files.readString(Path.of("../internal/events/testdata/java/user-removed.json"));
        assertEquals(Json.MAPPER.readTree(sample), Json.MAPPER.readTree(
                new String(m.body(), java.nio.charset.StandardCharsets.UTF_8).replace(h.event(), Samples.ID)));
    }

    @Test
    void eachHasAnIdOfItsOwn() {
        assertFalse(removed(null).happened().event().equals(removed(null).happened().event()));
    }

    @Test
    void aUserOfAStoreIsToldWithTheStore() {
        assertEquals(Map.of("store", "ldap-1"), removed("ldap-1").happened().details());
    }

    @Test
    void whoIsAboutToBeRemovedIsTold() {
        Happened h = events.read(event(UserModel.UserPreRemovedEvent.class, Map.of("getUser", a -> user(null, null))))
                .happened();
        assertEquals("USER_PRE_REMOVED", h.type());
        assertEquals("u1", h.user());
    }

    @Test
    void otherRealmsAreNotTold() {
        assertNull(events.read(event(UserModel.UserRemovedEvent.class,
                Map.of("getRealm", a -> realm("Other"), "getUser", a -> user(null, null)))));
        assertNull(events.read(event(UserModel.UserRemovedEvent.class,
                Map.of("getRealm", a -> null, "getUser", a -> user(null, null)))));
    }

    @Test
    void aRemovedClientIsToldByBothNames() {
        ClientModel client = answering(ClientModel.class,
                Map.of("getRealm", a -> realm, "getId", a -> "c1", "getClientId", a -> "app"));
        Happened h = events.read(event(ClientModel.ClientRemovedEvent.class, Map.of("getClient", a -> client))).happened();
        assertEquals("CLIENT_REMOVED", h.type());
        assertEquals("c1", h.client());
        assertEquals("app", h.clientId());
        Schema.valid(Samples.ENVELOPE.event(h, Samples.AT));
    }

    private ProviderEvents.Told revoked(RoleModel role, Long born) {
        return events.read(event(RoleModel.RoleRevokedEvent.class,
                Map.of("getRole", a -> role, "getUser", a -> user(null, born), "getRealm", a -> realm("Other"))));
    }

    @Test
    void aRoleThatCanHoldOfflineAccessIsTold() {
        assertEquals("USER_ROLES_CHANGED", revoked(role("offline_access", false, realm), 1L).happened().type());
        assertNotNull(revoked(role("team", true, realm), null), "a composite may hold it");
        assertNull(revoked(role("team", false, realm), null));
        ClientModel client = answering(ClientModel.class, Map.of("getRealm", a -> realm));
        assertEquals("demo", revoked(role("team", true, client), null).happened().realm(), "the role's realm counts");
        assertNotNull(events.read(event(RoleModel.RoleGrantedEvent.class, Map.of(
                "getRole", a -> role("offline_access", false, realm), "getUser", a -> user(null, 1L)))));
    }

    @Test
    void aRegistrationsRolesAreNotTold() {
        assertNull(revoked(role("default-roles-demo", true, realm), NOW - 100));
        assertNotNull(revoked(role("default-roles-demo", true, realm), NOW - 60_000));
    }

    @Test
    void aGroupMayGiveTheRole() {
        assertEquals("USER_ROLES_CHANGED", events.read(event(GroupModel.GroupMemberLeaveEvent.class,
                Map.of("getUser", a -> user(null, 1L)))).happened().type());
        assertNotNull(events.read(event(GroupModel.GroupMemberJoinEvent.class, Map.of("getUser", a -> user(null, 1L)))));
        assertEquals(Subject.Kind.REALM, events.read(event(GroupModel.GroupRemovedEvent.class, Map.of()))
                .happened().subject().kind());
    }

    @Test
    void aRemovedRoleConcernsEverybody() {
        Happened h = events.read(event(RoleContainerModel.RoleRemovedEvent.class,
                Map.of("getRole", a -> role("offline_access", false, realm)))).happened();
        assertEquals("ROLES_CHANGED", h.type());
        assertEquals(Subject.Kind.REALM, h.subject().kind());
        assertNull(events.read(event(RoleContainerModel.RoleRemovedEvent.class,
                Map.of("getRole", a -> role("team", false, realm)))));
    }

    private ProviderEvents.Told step(String provider, ResourceType of) {
        return events.read(event(WorkflowProviderEvent.WorkflowStepExecutedEvent.class, Map.of(
                "getResourceType", a -> of, "getStepProviderId", a -> provider, "getResourceId", a -> "u1")));
    }

    @Test
    void aWorkflowsStepIsToldAtOnce() {
        ProviderEvents.Told told = step("disable-user", ResourceType.USERS);
        assertTrue(told.committed(), "the step has committed, whatever becomes of the next one");
        assertEquals("u1", told.happened().user());
        assertNotNull(step("of-an-extension", ResourceType.USERS));
        assertNull(step("notify-user", ResourceType.USERS));
        assertNull(step("disable-user", ResourceType.CLIENTS));
    }

    @Test
    void aKeycloakThatLacksAKindIsHeardWithoutIt() {
        assertNull(ProviderEvents.known("org.keycloak.models.NoSuchModel$Event"));
        assertNotNull(ProviderEvents.known("org.keycloak.models.GroupModel$GroupMemberLeaveEvent"));
    }
}
