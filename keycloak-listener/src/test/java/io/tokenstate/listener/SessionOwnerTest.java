package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.keycloak.events.admin.OperationType;

class SessionOwnerTest {
    @Test
    void isReadFromTheRowAndFromNothingElse() {
        Keycloak keycloak = new Keycloak().rows("s.userSessionId = :sid and s.offline = '1'", "u1");
        assertEquals("u1", SessionOwner.of(keycloak.session(), "r1", "s1"));
        assertNull(SessionOwner.of(keycloak.session(), null, "s1"));
        assertNull(SessionOwner.of(new Keycloak().session(), "r1", "s1"), "no such row");
    }

    @Test
    void isToldWithTheSession() {
        Happened h = Samples.extract(Samples.admin(OperationType.DELETE, "USER_SESSION", "sessions/s1", null)).withUser("u1");
        assertEquals(Subject.Kind.SESSION, h.subject().kind());
        assertEquals("s1", h.cause(0, 0).session());
        assertEquals("u1", h.cause(0, 0).user());
        assertEquals("u1", Schema.valid(Samples.ENVELOPE.event(h, Samples.AT)).path("data").path("user").asText());
    }
}
