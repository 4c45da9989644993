package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class LookQueueTest {
    private static final Subject ANN = new Subject("demo", "demo", Subject.Kind.USER, "ann");
    private static final Subject BEN = new Subject("demo", "demo", Subject.Kind.USER, "ben");

    private final AtomicLong now = new AtomicLong(1_000);
    private final LookQueue queue = new LookQueue(1_000, now::get);

    private static List<String> events(LookQueue.Look look) {
        return look.causes().stream().map(Cause::event).toList();
    }

    @Test
    void oneLookForManyEventsOfOneUser() throws InterruptedException {
        queue.add(ANN, Samples.cause("e1", "s1", 1_000));
        queue.add(BEN, Samples.cause("e2", null, 1_000));
        queue.add(ANN, Samples.cause("e3", "s2", 1_000));
        assertEquals(List.of("e1", "e3"), events(queue.take()));
        assertEquals(List.of("e2"), events(queue.take()));
    }

    @Test
    void aDeathIsLookedAtAtOnceAndDoesNotListTheBirth() throws InterruptedException {
        queue.add(ANN, Samples.cause("birth", null, 1_500));
        queue.add(ANN, Samples.cause("death", "s1", 1_000));
        assertEquals(List.of("death"), events(queue.take()));
        now.set(1_500);
        assertEquals(List.of("birth"), events(queue.take()));
    }

    @Test
    void splitsTooManyCausesAndLosesNone() throws InterruptedException {
        for (int i = 0; i < 200; i++) {
            assertTrue(queue.add(ANN, Samples.cause("same", "s", 1_000)));
        }
        assertEquals(LookQueue.MAX_CAUSES, queue.take().causes().size());
        assertEquals(200 - LookQueue.MAX_CAUSES, queue.take().causes().size());
    }

    @Test
    void refusesWhenFull() throws InterruptedException {
        LookQueue small = new LookQueue(1, now::get);
        assertTrue(small.add(ANN, Samples.cause("e1", null, 0)));
        assertFalse(small.add(BEN, Samples.cause("e2", null, 0)));
        small.take();
        assertTrue(small.add(BEN, Samples.cause("e2", null, 0)));
    }

    @Test
    void wakesForALateComer() throws InterruptedException {
        LookQueue live = new LookQueue(10, () -> System.nanoTime() / 1_000_000);
        long due = System.nanoTime() / 1_000_000 + 60;
        Thread adder = new Thread(() -> live.add(ANN, Samples.cause("e1", null, due)));
        adder.start();
        assertEquals(List.of("e1"), events(live.take()));
        assertTrue(System.nanoTime() / 1_000_000 >= due);
        adder.join();
    }
}
