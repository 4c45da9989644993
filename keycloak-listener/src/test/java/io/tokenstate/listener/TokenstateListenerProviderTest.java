package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.keycloak.events.Event;
import org.keycloak.events.EventType;
import org.keycloak.events.admin.AdminEvent;
import org.keycloak.events.admin.OperationType;

class TokenstateListenerProviderTest {
    private final FakeSession keycloak = new FakeSession();
    private final List<String> taken = new ArrayList<>();
    private long lost;
    private final Intake intake = new Intake() {
        @Override
        public void accept(Happened h) {
            taken.add(h.type());
        }

        @Override
        public void lost(long events) {
            lost += events;
        }
    };
    private final TokenstateListenerProvider listener =
            new TokenstateListenerProvider(keycloak.session, Samples.EXTRACTOR, intake, new Complaints());

    private static Event logout() {
        Event e = Samples.user(EventType.LOGOUT, "u1", "s1", "app");
        e.setRealmName("Demo Realm");
        return e;
    }

    private static AdminEvent deletion() {
        AdminEvent e = Samples.admin(OperationType.DELETE, "USER", "users/u1", null);
        e.setRealmName("Demo Realm");
        return e;
    }

    @Test
    void tellsBothKindsAfterTheCommitAndNotBefore() {
        listener.onEvent(logout());
        listener.onEvent(deletion(), true);
        assertEquals(List.of(), taken);
        keycloak.commit();
        assertEquals(List.of("LOGOUT", "DELETE USER"), taken);
        assertEquals(0, lost);
    }

    @Test
    void forgetsWhatIsRolledBack() {
        listener.onEvent(logout());
        listener.onEvent(deletion(), true);
        keycloak.rollback();
        assertEquals(List.of(), taken);
        assertEquals(0, lost);
    }

    @Test
    void hearsNothingOfOtherRealms() {
        Event e = logout();
        e.setRealmName("other");
        listener.onEvent(e);
        keycloak.commit();
        assertEquals(List.of(), taken);
    }

    /** The session cannot be asked for realms here, as in a Keycloak that changed: that fails no request. */
    @Test
    void whatCannotBeReadFailsNoRequestAndIsCounted() {
        Event e = logout();
        e.setRealmName(null);
        e.setRealmId("r1");
        listener.onEvent(e);
        AdminEvent a = deletion();
        a.setRealmName(null);
        a.setRealmId("r1");
        listener.onEvent(a, true);
        keycloak.commit();
        assertEquals(List.of(), taken);
        assertEquals(2, lost);
    }
}
