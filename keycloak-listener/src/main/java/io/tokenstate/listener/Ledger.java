package io.tokenstate.listener;

import java.util.TreeMap;

/**
 * What was taken in and is not delivered yet, from the commit in Keycloak to JetStream's acknowledgement, wherever it
 * lies in between. Heartbeats are made of it: everything older than {@link #oldest()} has been delivered, so a hole
 * here would be a false claim of completeness.
 *
 * <p>An event is opened once for its own message and once more for the look that it asks for.
 */
final class Ledger {
    private final int limit;
    private final TreeMap<Long, Integer> open = new TreeMap<>();
    private int size;
    private int held;
    private long dropped;

    Ledger(int limit) {
        this.limit = limit;
    }

    /** Takes in one thing of this event time (ms); false when full. Never waits. */
    synchronized boolean tryOpen(long at) {
        if (size - held >= limit) {
            return false;
        }
        open(at);
        return true;
    }

    /** Takes in the look that belongs to an event: bounded by the queue of looks, so not refused here. */
    synchronized void open(long at) {
        open.merge(at, 1, Integer::sum);
        size++;
    }

    /** Takes in what is kept back for a while: it is not delivered, and takes no room from what is to be. */
    synchronized void hold(long at) {
        open(at);
        held++;
    }

    /** What was held is to be delivered, by an event of that time. */
    synchronized void release(long since, long at) {
        open(at);
        close(since);
        held--;
    }

    /** Delivered or given up. */
    synchronized void close(long at) {
        open.computeIfPresent(at, (k, n) -> n == 1 ? null : n - 1);
        size--;
        if (size == 0) {
            notifyAll();
        }
    }

    /** Counts something that will never be delivered. */
    void drop() {
        drop(1);
    }

    synchronized void drop(long n) {
        dropped += n;
    }

    synchronized Snapshot snapshot() {
        return new Snapshot(size, open.isEmpty() ? null : open.firstKey(), dropped);
    }

    /** Waits until nothing is open, or for so many milliseconds. */
    synchronized void awaitEmpty(long millis) throws InterruptedException {
        long end = System.nanoTime() + millis * 1_000_000;
        while (size > 0) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return;
            }
            wait(left);
        }
    }

    /** One consistent reading. */
    record Snapshot(int queued, Long oldest, long dropped) {
    }
}
