package io.tokenstate.listener;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Looks that are due, one per subject however many events ask for it. A death asks for a look at once; a birth only
 * after the delay, and then it is not listed by an earlier look of the same subject, which would be taken for having
 * seen the newborn session.
 */
final class LookQueue {
    /**
     * Causes of one look; what is beyond waits for the next look of the same subject. The schema allows 256, but
     * these would take 50 of the 60 kB that the roster needs.
     */
    static final int MAX_CAUSES = 128;

    private final Map<Subject, List<Cause>> waiting = new LinkedHashMap<>();
    private final int limit;
    private final LongSupplier clock;
    private int size;

    /** @param clock monotonic, ms; the same that {@link Cause#due} is measured by */
    LookQueue(int limit, LongSupplier clock) {
        this.limit = limit;
        this.clock = clock;
    }

    /** False when full: the event is then left to the worker's own looks. Never waits. */
    synchronized boolean add(Subject subject, Cause cause) {
        if (size >= limit) {
            return false;
        }
        waiting.computeIfAbsent(subject, s -> new ArrayList<>(2)).add(cause);
        size++;
        notifyAll();
        return true;
    }

    /** The next look that is due; waits for one. */
    synchronized Look take() throws InterruptedException {
        while (true) {
            long now = clock.getAsLong();
            long next = Long.MAX_VALUE;
            for (Iterator<Map.Entry<Subject, List<Cause>>> i = waiting.entrySet().iterator(); i.hasNext(); ) {
                Map.Entry<Subject, List<Cause>> e = i.next();
                List<Cause> due = takeDue(e.getValue(), now);
                if (!due.isEmpty()) {
                    size -= due.size();
                    if (e.getValue().isEmpty()) {
                        i.remove();
                    }
                    return new Look(e.getKey(), due);
                }
                next = Math.min(next, e.getValue().stream().mapToLong(Cause::due).min().orElse(next));
            }
            wait(next == Long.MAX_VALUE ? 0 : Math.max(1, next - now));
        }
    }

    private static List<Cause> takeDue(List<Cause> causes, long now) {
        List<Cause> due = new ArrayList<>();
        causes.removeIf(c -> c.due() <= now && due.size() < MAX_CAUSES && due.add(c));
        return due;
    }

    /** One look to take, with the events that it answers. */
    record Look(Subject subject, List<Cause> causes) {
    }
}
