package io.tokenstate.listener;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Messages that the log has not acknowledged, by realm. Up to {@link #WINDOW} are on their way at a time, and of each
 * realm the events go in their order and a look goes after every event that was there before it. A realm whose message
 * the log did not take waits, and then tries one message at a time until one is taken; other realms go on meanwhile.
 *
 * <p>An event that failed once may so come after later events of its realm, never after a look that is to answer it.
 * Readers go by the times in the messages and need no more.
 */
final class Outbox {
    static final int WINDOW = 64;
    /** Looks of a realm are held back beyond this: one that waits as a message only grows old. */
    static final int ROOM = 256;

    private final Map<String, Lane> lanes = new LinkedHashMap<>();
    private final Runnable roomier;
    private final LongSupplier clock;
    private int flying;

    /**
     * @param roomier called after a realm's messages became fewer than {@link #ROOM}; must not block
     * @param clock   monotonic, ms
     */
    Outbox(Runnable roomier, LongSupplier clock) {
        this.roomier = roomier;
        this.clock = clock;
    }

    synchronized void add(Message m) {
        lanes.computeIfAbsent(m.realm(), r -> new Lane()).add(m);
        notifyAll();
    }

    /** How many messages of this realm wait or are on their way. */
    synchronized int size(String realm) {
        Lane lane = lanes.get(realm);
        return lane == null ? 0 : lane.size();
    }

    /** The next message to send, which is on its way now; waits for one. */
    synchronized Lane.Item next() throws InterruptedException {
        while (true) {
            long now = clock.getAsLong();
            Lane.Item item = send(now);
            if (item != null) {
                return item;
            }
            long wake = lanes.values().stream().mapToLong(Lane::opens).filter(t -> t > now).min().orElse(0);
            wait(wake == 0 ? 0 : wake - now);
        }
    }

    /** The next message to send, or null: there is none now. Waits only for the window. */
    synchronized Lane.Item more() throws InterruptedException {
        while (flying == WINDOW && lanes.values().stream().anyMatch(Lane::unsent)) {
            wait();
        }
        return send(clock.getAsLong());
    }

    private Lane.Item send(long now) {
        Lane.Item item = flying < WINDOW ? pick(now) : null;
        if (item != null) {
            flying++;
        }
        return item;
    }

    /** From one realm after the other. */
    private Lane.Item pick(long now) {
        for (Iterator<Map.Entry<String, Lane>> i = lanes.entrySet().iterator(); i.hasNext(); ) {
            Map.Entry<String, Lane> e = i.next();
            Lane.Item item = e.getValue().pick(now);
            if (item != null) {
                i.remove();
                lanes.put(e.getKey(), e.getValue());
                return item;
            }
        }
        return null;
    }

    /** The log took the message, or never will. Wakes only whom this lets go on: it comes once for each message. */
    void done(Lane.Item item) {
        boolean room;
        synchronized (this) {
            Lane lane = lanes.get(item.message().realm());
            lane.remove(item);
            room = lane.size() == ROOM - 1;
            if (lane.size() == 0) {
                lanes.remove(item.message().realm());
            }
            flying--;
            if (lane.unsent() || flying == WINDOW - 1) {
                notifyAll();
            }
        }
        if (room) {
            roomier.run();
        }
    }

    /** The message is to be sent again. */
    synchronized void failed(Lane.Item item) {
        lanes.get(item.message().realm()).failed(item, clock.getAsLong());
        flying--;
        notifyAll();
    }

    /** NATS is there again: nobody needs to wait any longer. */
    synchronized void tryNow() {
        lanes.values().forEach(Lane::tryNow);
        notifyAll();
    }
}
