package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class BoundsTest {
    private static final Subject ANN = new Subject("demo", "demo", Subject.Kind.USER, "ann");
    private static final Subject BEN = new Subject("demo", "demo", Subject.Kind.USER, "ben");

    private final Bounds bounds = new Bounds();

    @Test
    void aBurstIsFreeAndThenALookASecond() {
        for (int i = 0; i < 32; i++) {
            assertEquals(0, bounds.subject(ANN, 0), "look " + i);
            bounds.charge(ANN, 100, 0);
        }
        bounds.charge(ANN, 100, 0);
        assertEquals(1_000, bounds.subject(ANN, 0));
        assertEquals(1_000, bounds.subject(ANN, 1_000));
        assertEquals(0, bounds.subject(BEN, 0));
    }

    @Test
    void bytesCountToo() {
        bounds.charge(ANN, 163_840, 0);
        assertEquals(8_000, bounds.subject(ANN, 0));
    }

    @Test
    void nobodyWaitsLongerThanAMinute() {
        bounds.charge(ANN, Integer.MAX_VALUE, 5);
        assertEquals(5 + Bounds.LONGEST, bounds.subject(ANN, 5));
    }

    @Test
    void aRealmHasABoundOfItsOwn() {
        for (int i = 0; i < 4_000; i++) {
            bounds.charge(new Subject("demo", "demo", Subject.Kind.USER, "u" + i), 100, 0);
        }
        assertEquals(8_000, bounds.realm("demo", 0));
        assertEquals(0, bounds.realm("other", 0));
        assertEquals(0, bounds.subject(ANN, 0));
    }

    /**
     * Ten logins a second for five minutes, and looks that grow with each session as a complete answer does. The events
     * themselves are 2.4 MB of the five that one account may cost.
     */
    @Test
    void oneAccountDoesNotFillTheLog() {
        long bytes = 0;
        int looks = 0;
        for (long now = 0; now < 300_000; now += 250) {
            if (bounds.subject(ANN, now) <= now) {
                long size = 1_000 + now / 100 * 126;
                bounds.charge(ANN, size, now);
                bytes += size;
                looks++;
            }
        }
        assertTrue(bytes < 2_000_000 && looks > 30, bytes + " bytes in " + looks + " looks");
    }
}
