package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.keycloak.events.EventType;

/** When the engine looks. Times are lower bounds only, so that a slow machine changes nothing. */
@Timeout(60)
class EngineLooksTest {
    private static final long DELAY = 300;

    private final LinkedBlockingQueue<Long> looked = new LinkedBlockingQueue<>();
    private final FakeLink link = new FakeLink();
    private final Engine engine = new Engine(new Options(Map.of("nats-url", "nats://n", "realms", "Demo Realm=demo",
            "birth-delay-ms", Long.toString(DELAY))::get), Samples.ENVELOPE, new FailsFirst(), List::of, link, 1,
            new Complaints());
    private volatile boolean fails;

    private final class FailsFirst implements Sight {
        @Override
        public List<CompletableFuture<List<Message>>> look(List<LookQueue.Look> looks) {
            return looks.stream().map(this::look).toList();
        }

        private CompletableFuture<List<Message>> look(LookQueue.Look look) {
            looked.add(System.nanoTime());
            if (fails) {
                fails = false;
                return CompletableFuture.failedFuture(new IllegalStateException("the database is away"));
            }
            ObjectNode seen = Json.MAPPER.createObjectNode();
            seen.putObject("realm").put("enabled", true).put("not_before", 0);
            return CompletableFuture.completedFuture(
                    List.of(Samples.ENVELOPE.observation(look.subject(), look.causes(), Samples.AT, seen)));
        }

        @Override
        public Happened withClient(Happened h, String realmName) {
            return h;
        }
    }

    @AfterEach
    void stop() {
        engine.close();
    }

    private static Happened login() {
        return Samples.extract(Samples.user(EventType.LOGIN, "ann", "s1", "app", "refresh_token_type", "Offline"));
    }

    /** Keycloak writes a new session after the event: a look that came at once would not see it. */
    @Test
    void aBirthIsLookedAtAfterTheDelay() throws InterruptedException {
        engine.start();
        engine.ready();
        long began = System.nanoTime();
        engine.accept(login());
        assertTrue(looked.take() - began >= DELAY * 1_000_000);
    }

    /** Nobody else may have seen what the event did. */
    @Test
    void aLookThatFailedIsTakenAgainForTheSameEvent() throws InterruptedException {
        fails = true;
        engine.start();
        engine.ready();
        engine.accept(Samples.extract(Samples.user(EventType.LOGOUT, "ann", "s1", "app")));
        assertEquals(Samples.ID, Schema.valid(link.next("observation")).path("data").path("causes").path(0)
                .path("event").asText());
        assertEquals(2, looked.size());
    }
}
