package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.keycloak.common.Profile;
import org.keycloak.models.UserProvider;
import org.keycloak.storage.DatastoreProvider;
import org.keycloak.storage.StoreManagers;

class LookerTest {
    private static final Subject USER = new Subject("Demo Realm", "demo", Subject.Kind.USER, "u1");
    private static final Subject SESSION = new Subject("Demo Realm", "demo", Subject.Kind.SESSION, "s1");

    private final Keycloak keycloak = new Keycloak().rows("RealmEntity", "r1");

    @BeforeAll
    static void profile() {
        Profile.defaults();
    }

    private List<Message> look(Subject subject, Cause... causes) {
        return new Looker(keycloak.factory(), new Stores(keycloak.factory(), 5_000), Samples.ENVELOPE)
                .look(new LookQueue.Look(subject, List.of(causes))).join();
    }

    private JsonNode data(Subject subject, Cause... causes) {
        List<Message> seen = look(subject, causes);
        assertEquals(1, seen.size());
        return Schema.valid(seen.get(0)).path("data");
    }

    private static Cause cause(String type) {
        return new Cause(Samples.ID, type, Samples.AT, null, false, null, null, null, 0, 0, 0);
    }

    /** Another event of that millisecond may have been committed after a look that began in it. */
    @Test
    void aLookIsLaterThanTheMillisecondOfItsCause() {
        long committed = System.currentTimeMillis() + 2;
        Cause cause = new Cause(Samples.ID, "UPDATE USER", Samples.AT, null, false, null, null, null, committed, 0, 0);
        Instant at = Instant.parse(Schema.valid(look(USER, cause).get(0)).path("time").asText());
        assertTrue(at.toEpochMilli() > committed, at.toString());
    }

    @Test
    void nothingIsCommitted() {
        look(USER, cause("UPDATE USER"));
        assertTrue(keycloak.transaction.contains("setRollbackOnly"), keycloak.transaction.toString());
        assertFalse(keycloak.transaction.contains("commit"), keycloak.transaction.toString());
    }

    @Test
    void aLogoutCostsThreeStatementsAndAsksNothingOfItsUser() {
        JsonNode seen = data(USER, Samples.cause(Samples.ID, "s1", 0));
        assertTrue(keycloak.queries.size() <= 3, keycloak.queries.toString());
        assertTrue(seen.path("user").isMissingNode());
        assertEquals("u1", seen.at("/rosters/0/user").asText());
        assertTrue(seen.at("/rosters/0/complete").asBoolean());
    }

    @Test
    void anImportedUserIsReadFromHisRowAndSaidToBeOne() {
        keycloak.rows("UserEntity u", (Object) new Object[] {"u1", true, 9, "ldap-1"})
                .rows("RoleEntity r where", "offline").rows("UserRoleMappingEntity", "u1");
        JsonNode user = data(USER, cause("UPDATE USER")).path("user");
        assertTrue(user.path("enabled").asBoolean());
        assertTrue(user.path("offline_access").asBoolean());
        assertEquals(9, user.path("not_before").asInt());
        assertEquals("ldap-1", user.path("store").asText());
    }

    @Test
    void aManagedMemberOfADisabledOrganizationIsDisabled() {
        keycloak.rows("UserEntity u", (Object) new Object[] {"u1", true, 0, null}).rows("OrganizationEntity", "u1");
        assertFalse(data(USER, cause("UPDATE ORGANIZATION")).at("/user/enabled").asBoolean());
    }

    @Test
    void aUserWithoutARowIsGone() {
        assertTrue(data(USER, cause("DELETE USER")).at("/user/gone").asBoolean());
    }

    @Test
    void aRealmThatIsGoneIsSeenAsGone() {
        keycloak.rows("RealmEntity");
        assertTrue(data(USER, cause("UPDATE USER")).at("/realm/gone").asBoolean());
    }

    @Test
    void theOwnerOfASessionIsFoundByTheSession() {
        keycloak.rows("select s.userId", "u9");
        JsonNode seen = data(SESSION, cause("DELETE USER_SESSION"));
        assertEquals("u9", seen.at("/rosters/0/user").asText());
        keycloak.rows("select s.userId");
        assertEquals("s1", data(SESSION, cause("DELETE USER_SESSION")).at("/rosters/0/session").asText());
    }

    @Test
    void aStoreThatFailsMakesTheLookFail() {
        Subject federated = new Subject("Demo Realm", "demo", Subject.Kind.USER, "f:ldap-1:ann");
        StoreManagers stores = Keycloak.with(StoreManagers.class, (name, args) -> Keycloak.with(UserProvider.class,
                (n, a) -> {
                    throw new IllegalStateException("the directory is away");
                }));
        DatastoreProvider both = (DatastoreProvider) java.lang.reflect.Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {DatastoreProvider.class, StoreManagers.class},
                (self, method, args) -> method.invoke(stores, args));
        keycloak.provider(DatastoreProvider.class, both);
        assertThrows(CompletionException.class, () -> look(federated, cause("UPDATE USER")));
        assertEquals("f:ldap-1:ann", data(federated, cause("LOGOUT")).at("/rosters/0/user").asText(),
                "a logout asks no store");
    }

    @Test
    void theRehearsalAsksEveryKindOfRow() {
        keycloak.rows("UserEntity u", (Object) new Object[] {"u1", true, 0, null});
        new Looker(keycloak.factory(), null, Samples.ENVELOPE).rehearse();
        for (String entity : List.of("RealmEntity", "ClientEntity", "PersistentUserSessionEntity", "UserEntity u", "RoleEntity",
                "OrganizationEntity")) {
            assertTrue(keycloak.queries.stream().anyMatch(q -> q.contains(entity)), entity);
        }
    }

    @Test
    void aQueryThatFailsMakesTheLookFail() {
        Looker looker = new Looker(Keycloak.with(org.keycloak.models.KeycloakSessionFactory.class, (name, args) -> {
            throw new IllegalStateException("the database is away");
        }), null, Samples.ENVELOPE);
        assertTrue(looker.look(new LookQueue.Look(USER, List.of(cause("LOGOUT")))).isCompletedExceptionally());
    }
}
