package io.tokenstate.listener;

import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * Who of one realm is to be looked at when: a ticket per cause. What is to be looked at at once goes first, and does not
 * wait for the realm's bound, which births may have used up. A ticket whose cause an earlier look has answered is
 * dropped when its turn comes, which is cheaper than to find it before.
 */
final class Tickets {
    private final PriorityQueue<Ticket> urgent = queue();
    private final PriorityQueue<Ticket> others = queue();
    private PriorityQueue<Ticket> current = others;
    private long number;
    private long opens = Long.MIN_VALUE;

    private record Ticket(Subject subject, long at, long number) {
    }

    private static PriorityQueue<Ticket> queue() {
        return new PriorityQueue<>(Comparator.comparingLong(Ticket::at).thenComparingLong(Ticket::number));
    }

    /** @param first the event asked for a look at once, as every death does and no birth */
    void add(Subject subject, long at, boolean first) {
        (first ? urgent : others).add(new Ticket(subject, at, number++));
    }

    /**
     * Whose ticket is next; null: none is due. Followed by {@link #drop} or {@link #postpone}.
     *
     * @param othersFrom when the realm's bound lets in what is not urgent
     */
    Subject due(long now, long othersFrom) {
        current = urgent.isEmpty() || urgent.peek().at() > now ? others : urgent;
        Ticket first = current == others && othersFrom > now ? null : current.peek();
        return first == null || first.at() > now ? null : first.subject();
    }

    void drop() {
        current.remove();
    }

    void postpone(long until) {
        Ticket t = current.remove();
        current.add(new Ticket(t.subject(), until, t.number()));
    }

    /** When the realm may be looked at again. */
    long opens() {
        return opens;
    }

    void open(long from) {
        opens = from;
    }

    /** When there is something to do for the realm again; Long.MAX_VALUE: only when a ticket is added. */
    long next(long othersFrom) {
        long first = urgent.isEmpty() ? Long.MAX_VALUE : urgent.peek().at();
        return Math.max(opens, others.isEmpty() ? first : Math.min(first, Math.max(othersFrom, others.peek().at())));
    }

    boolean isEmpty() {
        return urgent.isEmpty() && others.isEmpty();
    }
}
