package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MetersTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    private static final Figures FIGURES = new Figures() {
        @Override
        public Ledger.Snapshot open() {
            return new Ledger.Snapshot(3, System.currentTimeMillis() - 5_000, 2);
        }

        @Override
        public long published() {
            return 11;
        }

        @Override
        public long publishFailures() {
            return 4;
        }

        @Override
        public long looks() {
            return 5;
        }

        @Override
        public long lookNanos() {
            return 1_500_000_000L;
        }

        @Override
        public long heldBack() {
            return 1;
        }
    };

    @Test
    void tellsEachFigureUnderItsName() {
        Runnable unbind = Meters.bind(registry, FIGURES);
        assertEquals(3, registry.get("tokenstate.listener.queued").gauge().value());
        assertTrue(registry.get("tokenstate.listener.oldest").gauge().value() >= 5);
        assertEquals(1, registry.get("tokenstate.listener.held.back").gauge().value());
        assertEquals(2, registry.get("tokenstate.listener.dropped").functionCounter().count());
        assertEquals(5, registry.get("tokenstate.listener.looks").functionCounter().count());
        assertEquals(11, registry.get("tokenstate.listener.published").functionCounter().count());
        assertEquals(4, registry.get("tokenstate.listener.publish.failures").functionCounter().count());
        assertEquals(1.5, registry.get("tokenstate.listener.look").functionTimer().totalTime(TimeUnit.SECONDS));
        unbind.run();
        assertTrue(registry.getMeters().isEmpty());
    }
}
