package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class LookQueueTest {
    private static final Subject ANN = new Subject("demo", "demo", Subject.Kind.USER, "ann");
    private static final Subject BEN = new Subject("demo", "demo", Subject.Kind.USER, "ben");

    private final AtomicLong now = new AtomicLong(1_000);
    private final LookQueue queueOf10k = new LookQueue(10_000, now::get, r -> true);
    private final LookQueue queue = new LookQueue(1_000, now::get, r -> true);

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
        LookQueue small = new LookQueue(1, now::get, r -> true);
        assertTrue(small.add(ANN, Samples.cause("e1", null, 0)));
        assertFalse(small.add(BEN, Samples.cause("e2", null, 0)));
        small.take();
        assertTrue(small.add(BEN, Samples.cause("e2", null, 0)));
    }

    @Test
    void wakesForALateComer() throws InterruptedException {
        LookQueue live = new LookQueue(10, () -> System.nanoTime() / 1_000_000, r -> true);
        long due = System.nanoTime() / 1_000_000 + 60;
        Thread adder = new Thread(() -> live.add(ANN, Samples.cause("e1", null, due)));
        adder.start();
        assertEquals(List.of("e1"), events(live.take()));
        assertTrue(System.nanoTime() / 1_000_000 >= due);
        adder.join();
    }

    /** Ten logins a second of one user were ten looks a second, each longer than the one before. */
    @Test
    void birthsOfOneSubjectAreOneLookWithinTheDelayAndLoseNoTime() throws InterruptedException {
        for (long at = 1; at <= 20; at++) {
            queue.add(ANN, Samples.birth("birth-" + String.format("%02d", at), at, 1_400 + at));
        }
        now.set(1_500);
        LookQueue.Look look = queue.take();
        assertEquals(List.of("birth-20"), events(look), "the latest settles the doubts before it");
        assertEquals(LongStream.rangeClosed(1, 20).boxed().toList(), look.covers().stream().sorted().toList());
    }

    @Test
    void whatNamesASessionIsListedItself() throws InterruptedException {
        queue.add(ANN, Samples.cause("e1", "s1", 1_000));
        queue.add(ANN, Samples.cause("e2", "s1", 1_000));
        queue.add(ANN, Samples.cause("e3", null, 1_000));
        assertEquals(List.of("e1", "e2", "e3"), events(queue.take()));
    }

    @Test
    void aSubjectBeyondItsBoundIsLookedAtLaterAndOthersAtOnce() throws InterruptedException {
        queue.charge(ANN, 200_000);
        queue.add(ANN, Samples.cause("e1", "s1", 1_000));
        queue.add(BEN, Samples.cause("e2", "s1", 1_000));
        assertEquals(List.of("e2"), events(queue.take()));
        long due = 1_000 + 200_000_000L / 4_096 - 32_000;
        queue.add(BEN, Samples.cause("e3", "s1", due - 1));
        now.set(due - 1);
        assertEquals(List.of("e3"), events(queue.take()));
        now.set(due);
        assertEquals(1, queue.heldBack());
        assertEquals(List.of("e1"), events(queue.take()));
        assertEquals(0, queue.heldBack());
    }

    @Test
    void whatWaitedAlreadyWaitsForTheBoundToo() throws InterruptedException {
        queue.add(ANN, Samples.birth("birth", 1, 1_500));
        queue.charge(ANN, 200_000);
        queue.add(BEN, Samples.birth("other", 1, 2_000));
        now.set(2_000);
        assertEquals(List.of("other"), events(queue.take()));
        now.set(20_000);
        assertEquals(List.of("birth"), events(queue.take()));
    }

    @Test
    void aDeathOvertakesBirthsAndTheBoundOfItsRealm() throws InterruptedException {
        for (int i = 0; i < 100; i++) {
            queue.add(user("born-" + i), Samples.birth("birth", 1, 1_500));
        }
        for (int i = 0; i < 200; i++) {
            queue.charge(user("other-" + i), 60_000); // 12 MB: the realm is beyond its bound.
        }
        now.set(5_000);
        queue.add(ANN, Samples.cause("death", "s1", 5_000));
        assertEquals(List.of("death"), events(queue.take()));
        now.set(60_000);
        assertEquals(List.of("birth"), events(queue.take()));
    }

    @Test
    void aRealmWithoutRoomHoldsOnlyItselfBack() throws InterruptedException {
        Set<String> full = new HashSet<>(Set.of("demo"));
        LookQueue gated = new LookQueue(10, now::get, r -> !full.contains(r));
        gated.add(ANN, Samples.cause("e1", "s1", 0));
        gated.add(new Subject("b", "b", Subject.Kind.USER, "ann"), Samples.cause("e2", "s1", 0));
        assertEquals(List.of("e2"), events(gated.take()));
        full.clear();
        gated.wake();
        assertEquals(List.of("e1"), events(gated.take()));
    }

    @Test
    void manySubjectsAreTakenInTheOrderOfTheirTime() throws InterruptedException {
        for (int i = 0; i < 10_000; i++) {
            queueOf10k.add(user("u" + i), Samples.cause("e" + i, null, 1_000 + (i * 7919) % 10_000));
        }
        now.set(20_000);
        long before = -1;
        for (int i = 0; i < 10_000; i++) {
            long due = queueOf10k.take().causes().get(0).due();
            assertTrue((due + 249) / 250 >= (before + 249) / 250);
            before = due;
        }
    }

    private static Subject user(String id) {
        return new Subject("demo", "demo", Subject.Kind.USER, id);
    }
}
