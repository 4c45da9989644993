package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.keycloak.events.EventType;

@Timeout(60)
class EngineTest {
    private final FakeLink link = new FakeLink();
    private final CountDownLatch mayLook = new CountDownLatch(1);
    private final Engine engine = engine("node", "kc-1", "queue-size", "16", "heartbeat-ms", "100");
    private volatile List<String> deaf = List.of();

    private Engine engine(String... given) {
        Map<String, String> options = new HashMap<>(Map.of("nats-url", "nats://n", "realms", "Demo Realm=demo"));
        for (int i = 0; i < given.length; i += 2) {
            options.put(given[i], given[i + 1]);
        }
        return new Engine(new Options(options::get), Samples.ENVELOPE, new TwoParts(), () -> deaf, link, 1,
                new Complaints());
    }

    /** Sees a realm, in two messages. */
    private final class TwoParts implements Sight {
        @Override
        public List<CompletableFuture<List<Message>>> look(List<LookQueue.Look> looks) {
            return looks.stream().map(this::look).toList();
        }

        private CompletableFuture<List<Message>> look(LookQueue.Look look) {
            try {
                mayLook.await();
            } catch (InterruptedException e) {
                return CompletableFuture.failedFuture(e);
            }
            ObjectNode seen = Json.MAPPER.createObjectNode();
            seen.putObject("realm").put("enabled", true).put("not_before", 0);
            Message m = Samples.ENVELOPE.observation(look.subject(), look.causes(), Samples.AT, seen);
            return CompletableFuture.completedFuture(List.of(m, m));
        }

        @Override
        public Happened withClient(Happened h, String realmName) {
            return h;
        }
    }

    private static Happened logout(String user) {
        return Samples.extract(Samples.user(EventType.LOGOUT, user, "s1", "app"));
    }

    private JsonNode beat() throws InterruptedException {
        return Schema.valid(link.next("heartbeat")).path("data");
    }

    @AfterEach
    void stop() {
        mayLook.countDown();
        engine.close();
    }

    /** From the event to its look nothing may be claimed as delivered, however the parts hand it on. */
    @Test
    void anEventIsToldThenLookedAtAndOpenUntilTheLastPart() throws InterruptedException {
        engine.start();
        engine.ready();
        long before = System.currentTimeMillis();
        engine.accept(logout("ann"));
        Message told = link.next("event");
        assertEquals("tokenstate.v1.demo.event.LOGOUT", told.subject());
        assertTrue(Schema.valid(told).path("data").path("committed_by").asLong() >= before, "it was told after its commit");
        JsonNode open = beat();
        while (open.path("queued").asInt() != 1) {
            open = beat(); // The event's own acknowledgement may come after the first.
        }
        assertEquals(Samples.AT, open.path("oldest").asLong());
        assertEquals(0, engine.published() - 1);
        mayLook.countDown();
        JsonNode look = Schema.valid(link.next("observation"));
        assertEquals(Samples.ID, look.path("data").path("causes").path(0).path("event").asText());
        link.next("observation");
        JsonNode last = beat();
        while (last.path("queued").asInt() != 0) {
            last = beat();
        }
        assertFalse(last.has("oldest"));
        assertEquals(1, engine.looks());
        assertEquals(0, engine.open().dropped());
        assertEquals(3, engine.published());
    }

    /** Keycloak writes a new session after it has told of it. */
    @Test
    void aBirthIsCommittedAfterItsDelay() throws InterruptedException {
        engine.start();
        engine.ready();
        long before = System.currentTimeMillis();
        engine.accept(Samples.extract(Samples.user(EventType.CODE_TO_TOKEN, "ann", "s1", "app",
                "refresh_token_type", "Offline")));
        long by = Schema.valid(link.next("event")).path("data").path("committed_by").asLong();
        assertTrue(by >= before + 500, Long.toString(by - before));
    }

    @Test
    void whatFindsNoRoomIsCounted() throws InterruptedException {
        for (int i = 0; i < 20; i++) {
            engine.accept(logout("user-" + i)); // Nothing is delivered: it is not started.
        }
        assertEquals(16, engine.open().queued() - 4, "16 events, and the looks of the 4 that were dropped");
        assertEquals(4, engine.open().dropped());
        engine.lost(3);
        assertEquals(7, engine.open().dropped());
    }

    @Test
    void noHeartbeatWhereARealmIsNotHeardOrKeycloakHasNotStarted() throws InterruptedException {
        deaf = List.of("demo");
        engine.start();
        engine.ready();
        mayLook.countDown();
        engine.accept(logout("ann"));
        link.next("observation");
        assertTrue(link.sent.stream().noneMatch(m -> m.subject().contains("heartbeat")));
    }

    @Test
    void whoLeavesDeliversAndSaysSo() throws InterruptedException {
        mayLook.countDown();
        engine.start();
        engine.ready();
        beat();
        engine.accept(logout("ann"));
        engine.close();
        Message last = link.sent.get(link.sent.size() - 1);
        assertTrue(Schema.valid(last).path("data").path("leaving").asBoolean());
        assertEquals(0, Schema.valid(last).path("data").path("queued").asInt());
        engine.accept(logout("ben"));
        assertEquals(0, engine.open().queued());
    }
}
