package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
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
    private final LookQueue queueOf10k = new LookQueue(10_000, now::get, 0, r -> true);
    private final LookQueue queue = new LookQueue(1_000, now::get, 0, r -> true);

    private static final long PACE = 100;
    private final LookQueue paced = new LookQueue(1_000, now::get, PACE, r -> true);
    private final Deque<LookQueue.Look> taken = new ArrayDeque<>();

    /** The looks one by one, however many are taken together. */
    private LookQueue.Look next(LookQueue from) throws InterruptedException {
        if (taken.isEmpty()) {
            taken.addAll(from.take());
        }
        return taken.remove();
    }

    private static List<String> events(LookQueue.Look look) {
        return look.causes().stream().map(Cause::event).toList();
    }

    @Test
    void oneLookForManyEventsOfOneUser() throws InterruptedException {
        queue.add(ANN, Samples.cause("e1", "s1", 1_000));
        queue.add(BEN, Samples.cause("e2", null, 1_000));
        queue.add(ANN, Samples.cause("e3", "s2", 1_000));
        assertEquals(List.of("e1", "e3"), events(next(queue)));
        assertEquals(List.of("e2"), events(next(queue)));
    }

    @Test
    void aDeathIsLookedAtAtOnceAndDoesNotListTheBirth() throws InterruptedException {
        queue.add(ANN, Samples.cause("birth", null, 1_500));
        queue.add(ANN, Samples.cause("death", "s1", 1_000));
        assertEquals(List.of("death"), events(next(queue)));
        now.set(1_500);
        assertEquals(List.of("birth"), events(next(queue)));
    }

    @Test
    void splitsTooManyCausesAndLosesNone() throws InterruptedException {
        for (int i = 0; i < 200; i++) {
            assertTrue(queue.add(ANN, Samples.cause("same", "s", 1_000)));
        }
        assertEquals(LookQueue.MAX_CAUSES, next(queue).causes().size());
        assertEquals(200 - LookQueue.MAX_CAUSES, next(queue).causes().size());
    }

    @Test
    void refusesWhenFull() throws InterruptedException {
        LookQueue small = new LookQueue(1, now::get, 0, r -> true);
        assertTrue(small.add(ANN, Samples.cause("e1", null, 0)));
        assertFalse(small.add(BEN, Samples.cause("e2", null, 0)));
        next(small);
        assertTrue(small.add(BEN, Samples.cause("e2", null, 0)));
    }

    @Test
    void wakesForALateComer() throws InterruptedException {
        LookQueue live = new LookQueue(10, () -> System.nanoTime() / 1_000_000, 0, r -> true);
        long due = System.nanoTime() / 1_000_000 + 60;
        Thread adder = new Thread(() -> live.add(ANN, Samples.cause("e1", null, due)));
        adder.start();
        assertEquals(List.of("e1"), events(next(live)));
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
        LookQueue.Look look = next(queue);
        assertEquals(List.of("birth-20"), events(look), "the latest settles the doubts before it");
        assertEquals(LongStream.rangeClosed(1, 20).boxed().toList(), look.covers().stream().sorted().toList());
    }

    @Test
    void whatNamesASessionIsListedItself() throws InterruptedException {
        queue.add(ANN, Samples.cause("e1", "s1", 1_000));
        queue.add(ANN, Samples.cause("e2", "s1", 1_000));
        queue.add(ANN, Samples.cause("e3", null, 1_000));
        assertEquals(List.of("e1", "e2", "e3"), events(next(queue)));
    }

    @Test
    void aSubjectBeyondItsBoundIsLookedAtLaterAndOthersAtOnce() throws InterruptedException {
        queue.charge(ANN, 200_000);
        queue.add(ANN, Samples.cause("e1", "s1", 1_000));
        queue.add(BEN, Samples.cause("e2", "s1", 1_000));
        assertEquals(List.of("e2"), events(next(queue)));
        long due = 1_000 + 200_000_000L / 4_096 - 32_000;
        queue.add(BEN, Samples.cause("e3", "s1", due - 1));
        now.set(due - 1);
        assertEquals(List.of("e3"), events(next(queue)));
        now.set(due);
        assertEquals(1, queue.heldBack());
        assertEquals(List.of("e1"), events(next(queue)));
        assertEquals(0, queue.heldBack());
    }

    @Test
    void whatWaitedAlreadyWaitsForTheBoundToo() throws InterruptedException {
        queue.add(ANN, Samples.birth("birth", 1, 1_500));
        queue.charge(ANN, 200_000);
        queue.add(BEN, Samples.birth("other", 1, 2_000));
        now.set(2_000);
        assertEquals(List.of("other"), events(next(queue)));
        now.set(20_000);
        assertEquals(List.of("birth"), events(next(queue)));
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
        assertEquals(List.of("death"), events(next(queue)));
        now.set(60_000);
        assertEquals(List.of("birth"), events(next(queue)));
    }

    @Test
    void aRealmWithoutRoomHoldsOnlyItselfBack() throws InterruptedException {
        Set<String> full = new HashSet<>(Set.of("demo"));
        LookQueue gated = new LookQueue(10, now::get, 0, r -> !full.contains(r));
        gated.add(ANN, Samples.cause("e1", "s1", 0));
        gated.add(new Subject("b", "b", Subject.Kind.USER, "ann"), Samples.cause("e2", "s1", 0));
        assertEquals(List.of("e2"), events(next(gated)));
        full.clear();
        gated.wake();
        assertEquals(List.of("e1"), events(next(gated)));
    }

    @Test
    void manySubjectsAreTakenInTheOrderOfTheirTime() throws InterruptedException {
        for (int i = 0; i < 10_000; i++) {
            queueOf10k.add(user("u" + i), Samples.cause("e" + i, null, 1_000 + (i * 7919) % 10_000));
        }
        now.set(20_000);
        long before = -1;
        for (int i = 0; i < 10_000; i++) {
            long due = next(queueOf10k).causes().get(0).due();
            assertTrue((due + 249) / 250 >= (before + 249) / 250);
            before = due;
        }
    }

    @Test
    void whatIsDueInOneRealmIsTakenTogether() throws InterruptedException {
        Subject other = new Subject("b", "b", Subject.Kind.USER, "ann");
        queue.add(ANN, Samples.cause("e1", "s1", 1_000));
        queue.add(other, Samples.cause("e2", "s1", 1_000));
        queue.add(BEN, Samples.cause("e3", "s2", 1_000));
        queue.add(BEN, Samples.birth("e4", 1, 1_500));
        assertEquals(List.of(List.of("e1"), List.of("e3")), queue.take().stream().map(LookQueueTest::events).toList());
        assertEquals(List.of(List.of("e2")), queue.take().stream().map(LookQueueTest::events).toList());
    }

    @Test
    void manyAreSeveralTakings() throws InterruptedException {
        for (int i = 0; i < LookQueue.TOGETHER + 3; i++) {
            paced.add(user("u" + i), Samples.cause("e" + i, "s", 1_000));
        }
        assertEquals(LookQueue.TOGETHER, paced.take().size());
        assertEquals(3, paced.take().size(), "after a full taking the next comes at once");
    }

    /** A transaction for every look cost a tenth of Keycloak's throughput. */
    @Test
    void aBusyRealmIsTakenAtItsPaceAndOthersAtOnce() throws InterruptedException {
        paced.add(ANN, Samples.cause("e1", "s1", 1_000));
        assertEquals(List.of("e1"), events(paced.take().get(0)), "a quiet realm at once");
        paced.add(ANN, Samples.cause("e2", "s2", 1_001));
        paced.add(BEN, Samples.cause("e3", "s3", 1_001));
        now.set(1_000 + PACE - 1);
        Subject other = new Subject("b", "b", Subject.Kind.USER, "ann");
        paced.add(other, Samples.cause("e4", "s1", 1_000));
        assertEquals(List.of("e4"), events(paced.take().get(0)));
        now.set(1_000 + PACE);
        assertEquals(2, paced.take().size());
    }

    private static Subject user(String id) {
        return new Subject("demo", "demo", Subject.Kind.USER, id);
    }
}
