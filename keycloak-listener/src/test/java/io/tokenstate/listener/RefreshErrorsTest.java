package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.keycloak.events.EventType;

class RefreshErrorsTest {
    private final AtomicLong now = new AtomicLong();
    private final RefreshErrors errors = new RefreshErrors(10_000, now::get);

    private static Happened error(String user) {
        return Samples.extract(Samples.user(EventType.REFRESH_TOKEN_ERROR, user, "s1", "app"));
    }

    @Test
    void theFirstPassesAndTheRestBecomeOne() {
        assertNotNull(errors.offer(error("ann")));
        for (int i = 0; i < 5; i++) {
            assertNull(errors.offer(error("ann")));
        }
        assertNotNull(errors.offer(error("ben")));
        assertEquals(List.of(), errors.flush());
        now.set(10_000);
        List<Happened> late = errors.flush();
        assertEquals(1, late.size());
        assertEquals(4, late.get(0).suppressed());
        Schema.valid(Samples.ENVELOPE.event(late.get(0)));
        now.set(20_000);
        assertEquals(List.of(), errors.flush());
        assertNotNull(errors.offer(error("ann")));
    }

    @Test
    void nobodyCanFillTheLog() {
        int passed = 0;
        for (int s = 0; s < 600; s++) {
            now.set(s * 1_000L);
            for (int u = 0; u < 100; u++) {
                passed += errors.offer(error("user-" + (s * 100 + u))) == null ? 0 : 1;
            }
            passed += errors.flush().size();
        }
        assertTrue(passed <= 100 + 600 * 5, "passed " + passed);
        assertTrue(passed > 2_000, "passed " + passed);
    }

    @Test
    void errorsThatNameNobodyShareOneWindow() {
        assertNotNull(errors.offer(error(null)));
        assertNull(errors.offer(error(null)));
    }
}
