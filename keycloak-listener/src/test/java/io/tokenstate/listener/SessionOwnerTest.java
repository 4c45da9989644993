package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.keycloak.events.admin.OperationType;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.OfflineUserSessionModel;
import org.keycloak.models.RealmModel;
import org.keycloak.models.RealmProvider;
import org.keycloak.models.UserSessionModel;
import org.keycloak.models.session.UserSessionPersisterProvider;

class SessionOwnerTest {
    /** An interface of Keycloak's that knows these answers, and throws for every other question. */
    private static <T> T answering(Class<T> type, Map<String, Object> answers) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> {
            if (!answers.containsKey(method.getName())) {
                throw new AssertionError(method);
            }
            return answers.get(method.getName());
        }));
    }

    private static KeycloakSession keycloak(UserSessionModel row) {
        RealmModel realm = answering(RealmModel.class, Map.of());
        Map<String, Object> rows = new HashMap<>();
        rows.put("loadUserSession", row);
        return answering(KeycloakSession.class, Map.of(
                "getProvider", answering(UserSessionPersisterProvider.class, rows),
                "realms", answering(RealmProvider.class, Map.of("getRealm", realm))));
    }

    @Test
    void isReadFromTheRowAndNotFromADirectory() {
        OfflineUserSessionModel row = answering(OfflineUserSessionModel.class, Map.of("getUserId", "u1"));
        assertEquals("u1", SessionOwner.of(keycloak(row), "r1", "s1"));
        assertNull(SessionOwner.of(keycloak(row), null, "s1"));
        assertNull(SessionOwner.of(keycloak(null), "r1", "s1"), "no such row");
    }

    @Test
    void isToldWithTheSession() {
        Happened h = Samples.extract(Samples.admin(OperationType.DELETE, "USER_SESSION", "sessions/s1", null)).withUser("u1");
        assertEquals(Subject.Kind.SESSION, h.subject().kind());
        assertEquals("s1", h.cause(0).session());
        assertEquals("u1", h.cause(0).user());
        assertEquals("u1", Schema.valid(Samples.ENVELOPE.event(h)).path("data").path("user").asText());
    }
}
