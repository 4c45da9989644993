package io.tokenstate.listener;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The causes of one subject that wait for a look. Those that name no ended session are folded: of all that become due
 * within the same quarter of a second the one that was committed last stands for the rest, because a look settles every
 * doubt of its subject that was not committed later than a cause it lists. An event that names a session must be listed itself.
 */
final class Waiting {
    static final long FOLDED = Long.MIN_VALUE;
    private static final long GRAIN = 250;

    private final List<Entry> entries = new ArrayList<>(2);

    private static final class Entry {
        private Cause cause;
        private final long due;
        private final List<Long> folded;

        Entry(Cause cause, long due, List<Long> folded) {
            this.cause = cause;
            this.due = due;
            this.folded = new ArrayList<>(folded);
        }

        /** Whether one of the two can stand for the other: it says the same of the same client and user. */
        boolean like(Cause c) {
            return cause.session() == null && c.session() == null && Objects.equals(cause.client(), c.client())
                    && Objects.equals(cause.clientId(), c.clientId()) && Objects.equals(cause.user(), c.user());
        }
    }

    /** When the cause will be due as one of its own; {@link #FOLDED} if another stands for it. */
    long add(Cause c, List<Long> folded, long earliest, long now) {
        long due = c.session() != null || earliest <= now ? earliest : (earliest + GRAIN - 1) / GRAIN * GRAIN;
        for (Entry e : entries) {
            if ((e.due == due || e.due <= now && due <= now) && e.like(c)) {
                boolean later = c.committedBy() > e.cause.committedBy()
                        || c.committedBy() == e.cause.committedBy() && c.event().compareTo(e.cause.event()) > 0;
                e.folded.add(later ? e.cause.at() : c.at());
                e.folded.addAll(folded);
                e.cause = later ? c : e.cause;
                return FOLDED;
            }
        }
        entries.add(new Entry(c, due, folded));
        return due;
    }

    boolean hasDue(long now) {
        return due(now) > 0;
    }

    long due(long now) {
        return entries.stream().filter(e -> e.due <= now).count();
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    /** The look of what is due, which is then no longer here. */
    LookQueue.Look take(Subject subject, long now) {
        List<Cause> causes = new ArrayList<>();
        Map<Cause, List<Long>> folded = new HashMap<>();
        for (Iterator<Entry> i = entries.iterator(); i.hasNext() && causes.size() < LookQueue.MAX_CAUSES; ) {
            Entry e = i.next();
            if (e.due <= now) {
                i.remove();
                causes.add(e.cause);
                if (!e.folded.isEmpty()) {
                    folded.put(e.cause, e.folded);
                }
            }
        }
        return new LookQueue.Look(subject, causes, folded);
    }
}
