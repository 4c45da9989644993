package io.tokenstate.listener;

import static io.tokenstate.listener.Samples.AT;
import static io.tokenstate.listener.Samples.ENVELOPE;
import static io.tokenstate.listener.Samples.ID;
import static io.tokenstate.listener.Samples.extract;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tokenstate.listener.rows.Lifetime;
import io.tokenstate.listener.rows.OfflineSession;
import io.tokenstate.listener.rows.SessionRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.keycloak.events.EventType;
import org.keycloak.events.admin.AdminEvent;
import org.keycloak.events.admin.AuthDetails;
import org.keycloak.events.admin.OperationType;

/** Every kind of message against the schema, and against the files that Go decodes. */
class EnvelopeTest {
    private static final String CLIENT = "c0ffee00-0000-4000-8000-000000000000";
    private static final Lifetime ENDS = new Lifetime(1_798_079_349, 2_592_000);

    private static final Path SAMPLES = Path.of("../internal/events/testdata/java");

    @Test
    void revoke() throws IOException {
        Message m = ENVELOPE.event(extract(Samples.user(EventType.REVOKE_GRANT, "u1", "s1", "account",
                "revoked_client", "app", "refresh_token_type", "Offline", "redirect_uri", "https://secret"))
                .withClient("c1", "app"), AT + 3);
        JsonNode json = Schema.valid(m);
        assertEquals(ID + "/l", m.id());
        assertEquals("tokenstate.v1.demo.event.REVOKE_GRANT", m.subject());
        assertEquals("2026-11-24T02:29:09.589Z", json.path("time").asText());
        assertEquals("app", json.path("data").path("client_id").asText());
        assertFalse(json.toString().contains("secret"));
        same("revoke-grant", m);
    }

    @Test
    void sessionDeletedByAdmin() throws IOException {
        Message m = ENVELOPE.event(extract(
                Samples.admin(OperationType.DELETE, "USER_SESSION", "sessions/s1", "{\"offline\":true}")), AT + 3);
        Schema.valid(m);
        assertEquals("tokenstate.v1.demo.event.DELETE_USER_SESSION", m.subject());
        same("admin-delete-session", m);
    }

    /** Support asks who did it: ids are told, the address beside them is not. */
    @Test
    void admin() throws IOException {
        AdminEvent event = Samples.admin(OperationType.UPDATE, "USER", "users/u1", "{\"enabled\":false}");
        AuthDetails by = new AuthDetails();
        by.setUserId("a1");
        by.setClientId("c9");
        by.setRealmId("r1");
        by.setIpAddress("192.0.2.7");
        event.setAuthDetails(by);
        Message m = ENVELOPE.event(extract(event), AT + 3);
        JsonNode json = Schema.valid(m);
        assertEquals("a1", json.path("data").path("actor").path("user").asText());
        assertFalse(json.toString().contains("192.0.2.7"));
        same("admin-disables-user", m);
    }

    @Test
    void observation() throws IOException {
        Happened revoke = extract(Samples.user(EventType.REVOKE_GRANT, "u1", "s1", "app", "refresh_token_type",
                "Offline")).withClient("c1", "app");
        Happened logout = extract(Samples.user(EventType.LOGOUT, "u1", "s2", "app")).withClient("c1", "app");
        ObjectNode seen = Json.MAPPER.createObjectNode();
        seen.putObject("realm").put("enabled", true).put("not_before", 0);
        seen.putObject("user").put("user", "u1").put("enabled", true).put("offline_access", true).put("not_before", 0);
        List<OfflineSession> two = List.of(new OfflineSession("session-0", "u1", CLIENT, "app", 1_795_487_349, ENDS),
                new OfflineSession("session-1", "u1", CLIENT, "app", 1_795_487_349, ENDS));
        seen.putArray("rosters").addAll(Roster.ofUser("u1", new SessionRows.Listing(two, true), Set.of("s1"),
                s -> List.of(), 60_000));
        Message m = ENVELOPE.observation(new Subject("Demo Realm", "demo", Subject.Kind.USER, "u1"),
                List.of(revoke.cause(0, 0), logout.cause(0, 0)), AT + 11, seen);
        JsonNode causes = Schema.valid(m).path("data").path("causes");
        assertEquals("tokenstate.v1.demo.observation.user", m.subject());
        assertEquals("c1", causes.path(0).path("client").asText());
        assertFalse(causes.path(1).has("client"), "a logout names every client of its session");
        assertEquals(List.of(AT, AT), m.covers());
        same("observation-user", m);
    }

    @Test
    void heartbeats() throws IOException {
        Message m = ENVELOPE.heartbeat(AT, new Ledger.Snapshot(2, AT - 5, 1), "0f0f0f0f", 1, false);
        Schema.valid(m);
        assertEquals("tokenstate.v1._.heartbeat.kc-1", m.subject());
        same("heartbeat", m);
        JsonNode last = Schema.valid(ENVELOPE.heartbeat(AT, new Ledger.Snapshot(0, null, 0), "i", 0, true)).path("data");
        assertFalse(last.has("resource"), "none is offered");
        assertFalse(last.has("oldest"));
        assertEquals(true, last.path("leaving").asBoolean());
    }

    /** Run with -Dtokenstate.samples=write to make the files anew. */
    private static void same(String name, Message m) throws IOException {
        Path file = SAMPLES.resolve(name + ".json");
        if ("write".equals(System.getProperty("tokenstate.samples"))) {
            Files.createDirectories(SAMPLES);
            Files.write(file, m.body());
        }
        assertArrayEquals(Files.readAllBytes(file), m.body(), name);
    }
}
