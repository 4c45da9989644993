package io.tokenstate.listener;

import static io.tokenstate.listener.Samples.admin;
import static io.tokenstate.listener.Samples.extract;
import static io.tokenstate.listener.Samples.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.keycloak.events.EventType;
import org.keycloak.events.admin.OperationType;

class PendingTest {
    private final FakeSession keycloak = new FakeSession();
    private final List<Happened> taken = new ArrayList<>();
    private long lost;
    private boolean broken;
    private final Intake intake = new Intake() {
        @Override
        public void accept(Happened h) {
            if (broken) {
                throw new IllegalStateException("broken");
            }
            taken.add(h);
        }

        @Override
        public void lost(long events) {
            lost += events;
        }
    };

    private void keep(Happened h) {
        Pending.keep(keycloak.session, h, intake, new Complaints());
    }

    private List<String> types() {
        return taken.stream().map(Happened::type).toList();
    }

    private static Happened own(String type, Subject.Kind kind, String id) {
        return Happened.provider(type, Samples.AT, new Subject("Demo Realm", "demo", kind, id), null, Map.of());
    }

    private static Happened removed(String user) {
        return own(ProviderEvents.USER_REMOVED, Subject.Kind.USER, user);
    }

    private static Happened logout() {
        return extract(user(EventType.LOGOUT, "u1", "s1", "app"));
    }

    private static Happened deletion(String path) {
        return extract(admin(OperationType.DELETE, "USER", path, null));
    }

    @Test
    void isHandedOverAfterTheCommit() {
        keep(logout());
        keep(removed("u2"));
        assertEquals(List.of(), taken);
        keycloak.commit();
        assertEquals(List.of("LOGOUT", "USER_REMOVED"), types());
    }

    @Test
    void whatIsRolledBackHasNotHappened() {
        keep(logout());
        keep(removed("u1"));
        keycloak.rollback();
        assertEquals(List.of(), taken);
    }

    @Test
    void sessionsAreWrittenBeforeUs() {
        keep(logout());
        keep(logout());
        assertEquals(List.of("sessions"), keycloak.asked, "asked once, before the first is enlisted");
    }

    @Test
    void withoutATransactionItHasHappened() {
        keycloak.idle();
        keep(removed("u1"));
        assertEquals(List.of("USER_REMOVED"), types());
    }

    @Test
    void whatNoSessionTellsIsNotLost() {
        Pending.keep(null, removed("u1"), intake, new Complaints());
        assertEquals(List.of("USER_REMOVED"), types());
    }

    /** Keycloak 26.7 says that the transaction is active, and takes no more. */
    @Test
    void whatAnAfterCommitTaskTellsIsNotLost() {
        keep(logout());
        keycloak.enlist(() -> keep(removed("u2")));
        keycloak.commit();
        assertEquals(List.of("LOGOUT", "USER_REMOVED"), types());
    }

    @Test
    void whatTheFirstAfterCommitTaskTellsIsNotLost() {
        keycloak.enlist(() -> keep(removed("u2")));
        keycloak.commit();
        assertEquals(List.of("USER_REMOVED"), types());
    }

    /** Keycloak's own event comes in the middle: what it still has to do after the commit is enlisted behind it. */
    @Test
    void isHandedOverAfterTheTasksOfTheAction() {
        keep(removed("u2"));
        keycloak.enlist(() -> assertEquals(List.of(), taken));
        keep(logout());
        keycloak.commit();
        assertEquals(List.of("LOGOUT", "USER_REMOVED"), types());
    }

    @Test
    void aDeletionIsToldOnce() {
        keep(own(ProviderEvents.USER_PRE_REMOVED, Subject.Kind.USER, "u1"));
        keep(removed("u1"));
        keep(deletion("users/u1"));
        keep(removed("u2"));
        keycloak.commit();
        assertEquals(List.of("DELETE USER", "USER_REMOVED"), types());
        assertEquals("u2", taken.get(1).user());
    }

    @Test
    void aRemovedProviderLinkIsNoDeletion() {
        keep(removed("u1"));
        keep(deletion("users/u1/federated-identity/google"));
        keycloak.commit();
        assertEquals(List.of("DELETE USER", "USER_REMOVED"), types());
    }

    @Test
    void anOwnAccountsDeletionIsToldOnce() {
        keep(removed("u1"));
        keep(extract(user(EventType.DELETE_ACCOUNT, "u1", null, "account")));
        keycloak.commit();
        assertEquals(List.of("DELETE_ACCOUNT"), types());
    }

    @Test
    void aLogoutDoesNotTellARemoval() {
        keep(removed("u1"));
        keep(logout());
        keycloak.commit();
        assertEquals(List.of("LOGOUT", "USER_REMOVED"), types());
    }

    @Test
    void whoIsOverwrittenUnderTheSameIdIsNotRemoved() {
        keep(removed("u1"));
        keep(extract(admin(OperationType.UPDATE, "REALM", "users/u1", null))); // So a partial import tells it.
        keycloak.commit();
        assertEquals(List.of("UPDATE REALM"), types());
    }

    /** It tells the same as an update of the realm, which says nothing of roles. */
    @Test
    void aRoleThatAnImportOverwritesConcernsEverybody() {
        keep(own(ProviderEvents.ROLES_CHANGED, Subject.Kind.REALM, ""));
        keep(extract(admin(OperationType.UPDATE, "REALM", "roles/offline_access", null)));
        keycloak.commit();
        assertEquals(List.of("UPDATE REALM", "ROLES_CHANGED"), types());
    }

    @Test
    void aRoleThatAnAdministratorDeletesIsToldOnce() {
        keep(own(ProviderEvents.ROLES_CHANGED, Subject.Kind.REALM, ""));
        keep(extract(admin(OperationType.DELETE, "REALM_ROLE", "roles/team", null)));
        keycloak.commit();
        assertEquals(List.of("DELETE REALM_ROLE"), types());
    }

    @Test
    void aClientsDeletionIsToldOnce() {
        keep(own(ProviderEvents.CLIENT_REMOVED, Subject.Kind.CLIENT, "c1"));
        keep(own(ProviderEvents.CLIENT_REMOVED, Subject.Kind.CLIENT, "c2"));
        keep(extract(admin(OperationType.DELETE, "CLIENT", "clients/c1", null)));
        keycloak.commit();
        assertEquals(List.of("DELETE CLIENT", "CLIENT_REMOVED"), types());
        assertEquals("c2", taken.get(1).client());
    }

    @Test
    void rolesOfWhomAnEventNamesNeedNoOther() {
        keep(own(ProviderEvents.USER_ROLES_CHANGED, Subject.Kind.USER, "u1"));
        keep(own(ProviderEvents.USER_ROLES_CHANGED, Subject.Kind.USER, "u2"));
        keep(extract(admin(OperationType.DELETE, "REALM_ROLE_MAPPING", "users/u1/role-mappings/realm", null)));
        keycloak.commit();
        assertEquals(List.of("DELETE REALM_ROLE_MAPPING", "USER_ROLES_CHANGED"), types());
        assertEquals("u2", taken.get(1).user());
    }

    @Test
    void aSubjectIsToldOnceAndARemovalSaysMost() {
        keep(own(ProviderEvents.USER_ROLES_CHANGED, Subject.Kind.USER, "u1"));
        keep(own(ProviderEvents.USER_PRE_REMOVED, Subject.Kind.USER, "u1"));
        keep(removed("u1"));
        keep(own(ProviderEvents.USER_ROLES_CHANGED, Subject.Kind.USER, "u1"));
        keycloak.commit();
        assertEquals(List.of("USER_REMOVED"), types());
    }

    @Test
    void whatWentWithItsRealmIsNotTold() {
        Removed gone = new Removed();
        gone.realm("Demo Realm");
        keep(own(ProviderEvents.CLIENT_REMOVED, Subject.Kind.CLIENT, "c1"));
        keep(own(ProviderEvents.ROLES_CHANGED, Subject.Kind.REALM, ""));
        keep(Samples.EXTRACTOR.admin(admin(OperationType.DELETE, "REALM", "Demo Realm", null), "master", true, gone));
        keycloak.commit();
        assertEquals(List.of("DELETE REALM"), types());
    }

    @Test
    void aTransactionOfManyIsBounded() {
        for (int i = 0; i < 20_000; i++) {
            keep(removed("u" + i));
            keep(extract(admin(OperationType.CREATE, "USER", "users/v" + i, null)));
        }
        keycloak.commit();
        assertEquals(2 * Pending.MAX + 1, taken.size());
        Happened rest = taken.get(taken.size() - 1);
        assertEquals("MANY_EVENTS", rest.type());
        assertEquals(new Subject("Demo Realm", "demo", Subject.Kind.REALM, ""), rest.subject());
        assertEquals("38000", rest.details().get("count"));
        Schema.valid(Samples.ENVELOPE.event(rest, Samples.AT));
    }

    @Test
    void anEngineThatFailsFailsNoRequestAndWhatItDidNotTakeIsCounted() {
        keep(logout());
        keep(logout());
        broken = true;
        keycloak.commit();
        assertTrue(taken.isEmpty());
        assertEquals(2, lost);
    }

    /** A deleted online session concerns nobody here, but beyond the bound nobody can know what was left out. */
    @Test
    void whatIsBeyondTheBoundAndNamesNobodyIsCounted() {
        Happened online = extract(admin(OperationType.DELETE, "USER_SESSION", "sessions/s1", "{\"offline\":false}"));
        for (int i = 0; i < Pending.MAX + 3; i++) {
            keep(online);
        }
        keycloak.commit();
        assertEquals(Pending.MAX, taken.size());
        assertEquals(3, lost);
    }
}
