package io.tokenstate.listener;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Looks that are due, one per subject however many events ask for it. A death asks for a look at once and goes first;
 * a birth only after the delay, and then it is not listed by an earlier look of the same subject, which would be taken
 * for having seen the newborn session. A subject or realm that is beyond its {@link Bounds} waits: a later look, which
 * answers more events, and never a lost one. Until then these are open in the ledger.
 *
 * <p>What is due in one realm is taken together, for a transaction costs more than what a look reads in it. A realm that
 * was quiet is looked at at once; a busy one again after {@link #PACE}, and its looks gather meanwhile.
 */
final class LookQueue {
    /**
     * Causes of one look; what is beyond waits for the next look of the same subject. The schema allows 256, but
     * these would take 50 of the 60 kB that the roster needs.
     */
    static final int MAX_CAUSES = 128;
    /** Looks that are taken together; each may be several messages, which are in memory until the last is read. */
    static final int TOGETHER = 16;
    /**
     * Four transactions a second, for most of what a look costs is its transaction and the realm's row. A verdict may
     * take four seconds, so that this is early enough.
     */
    static final long PACE = 250;

    private final Map<Subject, Waiting> waiting = new HashMap<>();
    private final Map<String, Tickets> realms = new LinkedHashMap<>();
    private final Bounds bounds = new Bounds();
    private final int limit;
    private final LongSupplier clock;
    private final long pace;
    private final Predicate<String> room;
    private int size;
    private long sleepsUntil = Long.MIN_VALUE;

    /**
     * @param clock monotonic, ms; the same that {@link Cause#due} is measured by
     * @param pace  from one taking to the next of the same realm, ms
     * @param room  whether a realm's look could be sent; {@link #wake} tells that the answer may have changed
     */
    LookQueue(int limit, LongSupplier clock, long pace, Predicate<String> room) {
        this.limit = limit;
        this.clock = clock;
        this.pace = pace;
        this.room = room;
    }

    /** False when full: the event is then left to the worker's own looks. Never waits. */
    synchronized boolean add(Subject subject, Cause cause) {
        return add(subject, cause, List.of());
    }

    /** The same for a cause that stands for further events, which happened at these times. */
    synchronized boolean add(Subject subject, Cause cause, List<Long> folded) {
        if (size >= limit) {
            return false;
        }
        long now = clock.getAsLong();
        long earliest = Math.max(cause.due(), bounds.subject(subject, now));
        long due = waiting.computeIfAbsent(subject, s -> new Waiting()).add(cause, folded, earliest, now);
        if (due != Waiting.FOLDED) {
            size++;
            Tickets tickets = realms.computeIfAbsent(subject.alias(), r -> new Tickets());
            tickets.add(subject, due, cause.due() <= now);
            if (Math.max(due, tickets.opens()) < sleepsUntil) {
                notifyAll(); // Else it is in time for the next round: waking for nothing costs more than a look reads.
            }
        }
        return true;
    }

    /** The next looks that are due, all of one realm; waits for one. */
    synchronized List<Look> take() throws InterruptedException {
        while (true) {
            long now = clock.getAsLong();
            long next = Long.MAX_VALUE;
            for (Iterator<Map.Entry<String, Tickets>> i = realms.entrySet().iterator(); i.hasNext(); ) {
                Map.Entry<String, Tickets> realm = i.next();
                if (!room.test(realm.getKey())) {
                    continue; // Until woken.
                }
                Tickets tickets = realm.getValue();
                long free = bounds.realm(realm.getKey(), now);
                List<Look> looks = tickets.opens() > now ? List.of() : together(tickets, now, free);
                if (!looks.isEmpty()) {
                    tickets.open(looks.size() < TOGETHER ? now + pace : now);
                    i.remove();
                    realms.put(realm.getKey(), tickets); // The other realms' turn.
                    return looks;
                }
                next = Math.min(next, tickets.next(free));
                if (tickets.isEmpty() && tickets.opens() <= now) {
                    i.remove();
                }
            }
            await(next, now);
        }
    }

    private void await(long until, long now) throws InterruptedException {
        sleepsUntil = until;
        try {
            wait(until == Long.MAX_VALUE ? 0 : Math.max(1, until - now));
        } finally {
            sleepsUntil = Long.MIN_VALUE;
        }
    }

    private List<Look> together(Tickets tickets, long now, long othersFrom) {
        List<Look> looks = new ArrayList<>();
        while (looks.size() < TOGETHER) {
            Look look = take(tickets, now, othersFrom);
            if (look == null) {
                break;
            }
            looks.add(look);
        }
        return looks;
    }

    private Look take(Tickets tickets, long now, long othersFrom) {
        for (Subject s = tickets.due(now, othersFrom); s != null; s = tickets.due(now, othersFrom)) {
            Waiting w = waiting.get(s);
            long free = bounds.subject(s, now);
            if (w == null || !w.hasDue(now)) {
                tickets.drop(); // An earlier look has answered it.
            } else if (free > now) {
                tickets.postpone(free);
            } else {
                tickets.drop();
                Look look = w.take(s, now);
                size -= look.causes().size();
                if (w.isEmpty()) {
                    waiting.remove(s);
                }
                return look;
            }
        }
        return null;
    }

    /** A look was taken, and so many bytes of it are to be published. */
    synchronized void charge(Subject subject, long bytes) {
        bounds.charge(subject, bytes, clock.getAsLong());
    }

    /** There may be room for a realm's looks again. */
    synchronized void wake() {
        notifyAll();
    }

    /** Causes that are due and wait for a bound or for room. */
    synchronized long heldBack() {
        long now = clock.getAsLong();
        return waiting.values().stream().mapToLong(w -> w.due(now)).sum();
    }

    /**
     * One look to take, with the events that it answers.
     *
     * @param folded times of further events that a cause stands for
     */
    record Look(Subject subject, List<Cause> causes, Map<Cause, List<Long>> folded) {
        Look(Subject subject, List<Cause> causes) {
            this(subject, causes, Map.of());
        }

        /** Times of all events that it answers. */
        List<Long> covers() {
            List<Long> all = new ArrayList<>(causes.stream().map(Cause::at).toList());
            folded.values().forEach(all::addAll);
            return all;
        }
    }
}
