package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tokenstate.listener.rows.Rows;
import io.tokenstate.listener.rows.SessionRows;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
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

    private Looker looker() {
        return new Looker(keycloak.factory(), new Stores(keycloak.factory(), 5_000), Samples.ENVELOPE, new Complaints());
    }

    private List<Message> look(Subject subject, Cause... causes) {
        return looker().look(List.of(new LookQueue.Look(subject, List.of(causes)))).get(0).join();
    }

    private JsonNode data(Subject subject, Cause... causes) {
        List<Message> seen = look(subject, causes);
        assertEquals(1, seen.size());
        return Schema.valid(seen.get(0)).path("data");
    }

    private static Cause cause(String type) {
        return new Cause(Samples.ID, type, Samples.AT, null, false, null, null, null, 0, 0, 0, null);
    }

    /** Another event of that millisecond may have been committed after a look that began in it. */
    @Test
    void aLookIsLaterThanTheMillisecondOfItsCause() {
        long committed = System.currentTimeMillis() + 2;
        Cause cause = new Cause(Samples.ID, "UPDATE USER", Samples.AT, null, false, null, null, null, committed, 0, 0, null);
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

    private static LookQueue.Look of(String user, Cause... causes) {
        return new LookQueue.Look(new Subject("Demo Realm", "demo", Subject.Kind.USER, user), List.of(causes));
    }

    private static Object[] session(String sid, String user) {
        int now = (int) (System.currentTimeMillis() / 1000);
        return new Object[] {sid, user, 5, now, "{}", "external", "store", "app", now, "{}"};
    }

    @Test
    void looksTakenTogetherCostNoMoreStatementsThanOne() {
        keycloak.rows("PersistentUserSessionEntity", session("s1", "u1"), session("s3", "u3"), session("s4", "u3"));
        List<CompletableFuture<List<Message>>> seen = looker().look(List.of(of("u1", cause("LOGOUT")),
                of("u2", cause("LOGOUT")), of("u3", cause("LOGIN"))));
        assertEquals(2, keycloak.queries.size(), keycloak.queries.toString()); // No client has a row.
        assertEquals(1, keycloak.transaction.stream().filter("begin"::equals).count());
        List<JsonNode> rosters = seen.stream().map(f -> Schema.valid(f.join().get(0)).at("/data/rosters/0")).toList();
        assertEquals(List.of("u1", "u2", "u3"), rosters.stream().map(r -> r.path("user").asText()).toList());
        assertEquals(List.of(1, 0, 2), rosters.stream().map(r -> r.path("sessions").size()).toList());
        assertEquals("s1", rosters.get(0).at("/sessions/0/session").asText());
        assertTrue(rosters.stream().allMatch(r -> r.path("complete").asBoolean()));
    }

    /** The realm of these tests ends sessions that nobody used for a million seconds, and has no greatest age. */
    @Test
    void aSessionIsToldWithItsEnd() {
        Object[] row = session("s1", "u1");
        int used = (Integer) row[3] - 1000;
        row[3] = used;
        keycloak.rows("PersistentUserSessionEntity", (Object) row);
        JsonNode told = Schema.valid(looker().look(List.of(of("u1", cause("LOGIN")))).get(0).join().get(0))
                .at("/data/rosters/0/sessions/0");
        assertEquals(used + 1_000_000, told.path("ends").asLong());
        assertEquals(1_000_000, told.path("life").asLong());
    }

    @Test
    void usersTakenTogetherAreReadTogether() {
        keycloak.rows("UserEntity u", new Object[] {"u1", true, 9, null}, new Object[] {"u2", false, 0, null});
        List<CompletableFuture<List<Message>>> seen = looker().look(List.of(of("u1", cause("UPDATE USER")),
                of("u2", cause("UPDATE USER")), of("u3", cause("UPDATE USER")), of("u4", cause("LOGOUT"))));
        List<JsonNode> users = seen.stream().map(f -> Schema.valid(f.join().get(0)).at("/data/user")).toList();
        assertEquals(1, keycloak.queries.stream().filter(q -> q.contains("UserEntity u")).count());
        assertTrue(users.get(0).path("enabled").asBoolean());
        assertFalse(users.get(1).path("enabled").asBoolean(true));
        assertTrue(users.get(2).path("gone").asBoolean());
        assertTrue(users.get(3).isMissingNode(), "a logout asks nothing of its user");
    }

    /** In Postgres an error ends the whole transaction. */
    @Test
    void oneThatFailsTakesNoneOfTheOthersWithIt() {
        keycloak.fails("UserEntity u");
        List<CompletableFuture<List<Message>>> seen = looker().look(List.of(of("u1", cause("LOGOUT")),
                of("u2", cause("UPDATE USER"))));
        assertTrue(Schema.valid(seen.get(0).join().get(0)).at("/data/rosters/0/complete").asBoolean());
        assertTrue(seen.get(1).join().size() == 1, "asked alone, it may be answered");
        assertEquals(3, keycloak.transaction.stream().filter("begin"::equals).count());
    }

    /** A listing that was cut short proves no absence. */
    @Test
    void usersOfTooManySessionsAreListedOneByOne() {
        keycloak.rows("PersistentUserSessionEntity", IntStream.rangeClosed(0, SessionRows.MAX)
                .mapToObj(i -> session("s" + i, "u1")).toArray());
        SessionRows.Listing listing = Rows.read(keycloak.factory(), rows -> {
            SessionRows sessions = rows.realm("Demo Realm").sessions();
            sessions.gather(Set.of("u1", "u2"));
            return sessions.ofUser("u1");
        });
        assertFalse(listing.complete());
        assertEquals(SessionRows.MAX, listing.sessions().size());
    }

    /** Otherwise it would settle doubts about what was committed after it had read. */
    @Test
    void aLookIsNoYoungerThanItsTransaction() {
        AtomicLong began = new AtomicLong();
        keycloak.onBegin = () -> {
            long now = System.currentTimeMillis();
            while (System.currentTimeMillis() == now) {
                Thread.onSpinWait();
            }
            began.set(System.currentTimeMillis());
        };
        for (List<LookQueue.Look> looks : List.of(List.of(of("u1", cause("LOGOUT"))),
                List.of(of("u1", cause("LOGOUT")), of("u2", cause("LOGOUT"))))) {
            for (CompletableFuture<List<Message>> seen : looker().look(looks)) {
                String time = Schema.valid(seen.join().get(0)).path("time").asText();
                assertTrue(Instant.parse(time).toEpochMilli() < began.get(), time);
            }
        }
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
    void aRealmSaysWhatItsTokensCarryAsIssuerAndHowOftenEachIsGood() {
        JsonNode realm = data(USER, cause("UPDATE USER")).path("realm");
        assertTrue(realm.path("refresh_once").asBoolean());
        assertEquals("Demo Realm", realm.path("name").asText());
        assertEquals("https://login.example", realm.path("frontend_url").asText());
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
        looker().rehearse();
        for (String entity : List.of("RealmEntity", "ClientEntity", "PersistentUserSessionEntity", "UserEntity u", "RoleEntity",
                "OrganizationEntity")) {
            assertTrue(keycloak.queries.stream().anyMatch(q -> q.contains(entity)), entity);
        }
    }

    @Test
    void aQueryThatFailsMakesTheLookFail() {
        Looker looker = new Looker(Keycloak.with(org.keycloak.models.KeycloakSessionFactory.class, (name, args) -> {
            throw new IllegalStateException("the database is away");
        }), null, Samples.ENVELOPE, new Complaints());
        assertTrue(looker.look(List.of(new LookQueue.Look(USER, List.of(cause("LOGOUT"))))).get(0).isCompletedExceptionally());
    }
}
