package io.tokenstate.listener;

import java.util.ArrayDeque;

/**
 * Messages in the order in which they are to stand in the log. Its length is bounded by the ledger, which refuses
 * events; looks are held back by {@link #awaitRoom}, because a look that waits is taken later, says more and stands
 * for more events, while an observation that waits only grows old (and takes up to 60 kB).
 */
final class Outbox {
    private final ArrayDeque<Message> queue = new ArrayDeque<>();

    synchronized void add(Message m) {
        queue.addLast(m);
        notifyAll();
    }

    /** The oldest message, which stays in until {@link #remove}; waits for one. */
    synchronized Message head() throws InterruptedException {
        while (queue.isEmpty()) {
            wait();
        }
        return queue.peekFirst();
    }

    synchronized void remove(Message head) {
        if (queue.peekFirst() == head) {
            queue.removeFirst();
            notifyAll();
        }
    }

    synchronized void awaitRoom(int limit) throws InterruptedException {
        while (queue.size() >= limit) {
            wait();
        }
    }
}
