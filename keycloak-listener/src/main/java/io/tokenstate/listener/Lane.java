package io.tokenstate.listener;

import java.util.HashSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;

/** The messages of one realm that the log has not acknowledged. Guarded by its {@link Outbox}. */
final class Lane {
    private static final long MAX_BACK_OFF = 5_000;

    private final TreeMap<Long, Item> events = new TreeMap<>();
    private final TreeMap<Long, Item> looks = new TreeMap<>();
    private final Set<Long> sent = new HashSet<>();
    private long last;
    private boolean failing;
    private long wait = 50;
    private long opens;

    /** @param after a look may be sent when no event of this number or below is left */
    record Item(Message message, long number, long after) {
    }

    void add(Message m) {
        long after = m.isLook() && !events.isEmpty() ? events.lastKey() : 0;
        last++;
        (m.isLook() ? looks : events).put(last, new Item(m, last, after));
    }

    int size() {
        return events.size() + looks.size();
    }

    boolean unsent() {
        return size() > sent.size();
    }

    /** When this realm may be tried again, ms of the monotonic clock. */
    long opens() {
        return opens;
    }

    /** The next message that may be sent, marked as sent; null: none now. */
    Item pick(long now) {
        if (now < opens || failing && !sent.isEmpty()) {
            return null;
        }
        Item look = unsent(looks);
        boolean answered = look != null && (events.isEmpty() || events.firstKey() > look.after());
        Item item = answered ? look : unsent(events);
        if (item != null) {
            sent.add(item.number());
        }
        return item;
    }

    private Item unsent(TreeMap<Long, Item> of) {
        // At most a window of them is on its way, and these are mostly the first.
        for (Item item : of.values()) {
            if (!sent.contains(item.number())) {
                return item;
            }
        }
        return null;
    }

    void remove(Item item) {
        (item.message().isLook() ? looks : events).remove(item.number());
        landed(item);
        failing = false;
        wait = 50;
        opens = 0;
    }

    void failed(Item item, long now) {
        landed(item);
        failing = true;
        if (now >= opens) { // Else one of the same window has made us wait already.
            opens = now + wait + ThreadLocalRandom.current().nextLong(wait);
            wait = Math.min(MAX_BACK_OFF, wait * 2);
        }
    }

    void tryNow() {
        opens = 0;
    }

    private void landed(Item item) {
        sent.remove(item.number());
    }
}
