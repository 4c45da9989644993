package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.keycloak.events.Event;
import org.keycloak.events.EventType;

class RefreshErrorsTest {
    private final AtomicLong now = new AtomicLong();
    private final Ledger ledger = new Ledger(1);
    private final RefreshErrors errors = new RefreshErrors(10_000, now::get, ledger);

    private static Happened error(String user) {
        return error(user, Samples.AT);
    }

    private static Happened error(String user, long at) {
        Event e = Samples.user(EventType.REFRESH_TOKEN_ERROR, user, "s1", "app");
        e.setTime(at);
        return Samples.extract(e);
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
        Schema.valid(Samples.ENVELOPE.event(late.get(0), Samples.AT));
        now.set(20_000);
        assertEquals(List.of(), errors.flush());
        assertNotNull(errors.offer(error("ann")));
    }

    /** Or heartbeats would claim that all is told up to now, with errors of ten seconds ago still here. */
    @Test
    void whatIsKeptIsInTheLedgerAndTakesNoRoom() {
        assertNotNull(errors.offer(error("ann", 1)));
        assertEquals(new Ledger.Snapshot(0, null, 0), ledger.snapshot(), "the engine's to take in");
        errors.offer(error("ann", 2));
        errors.offer(error("ann", 3));
        assertEquals(new Ledger.Snapshot(1, 2L, 0), ledger.snapshot());
        assertTrue(ledger.tryOpen(4));
        ledger.close(4);
        now.set(10_000);
        assertEquals(3, errors.flush().get(0).at());
        assertEquals(new Ledger.Snapshot(1, 3L, 0), ledger.snapshot(), "until it is delivered");
        assertFalse(ledger.tryOpen(4));
        ledger.close(3);
        assertEquals(new Ledger.Snapshot(0, null, 0), ledger.snapshot());
    }

    @Test
    void whoLeavesTellsWhatIsKept() {
        errors.offer(error("ann", 1));
        errors.offer(error("ann", 2));
        errors.offer(error("ben", 3));
        assertEquals(List.of(2L), errors.rest().stream().map(Happened::at).toList());
        assertEquals(List.of(), errors.rest());
    }

    @Test
    void whatAFloodDropsIsCounted() {
        for (int u = 0; u <= 10_000; u++) {
            errors.offer(error("user-" + u));
        }
        assertEquals(1, ledger.snapshot().dropped());
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
