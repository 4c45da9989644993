package io.tokenstate.listener;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Coalesces REFRESH_TOKEN_ERROR, the one event that anybody who knows an old token can cause as often as he likes.
 * The first error of a user passes at once, the rest of the window becomes one more event at its end, and a bucket
 * over all users bounds what the log can be filled with. Errors that name nobody share one window per realm.
 */
final class RefreshErrors {
    private static final int MAX_USERS = 10_000;
    private static final int BURST = 100;
    private static final long MILLIS_PER_EVENT = 200;

    private final long window;
    private final LongSupplier clock;
    private final Ledger ledger;
    private final Map<String, Window> windows = new LinkedHashMap<>();
    private long filledAt;
    private double bucket = BURST;

    /**
     * @param window ms
     * @param clock  monotonic, ms
     * @param ledger holds what is kept here
     */
    RefreshErrors(long window, LongSupplier clock, Ledger ledger) {
        this.window = window;
        this.clock = clock;
        this.ledger = ledger;
        this.filledAt = clock.getAsLong();
    }

    /** The event if it is to be published now, else null: it is kept or counted. */
    synchronized Happened offer(Happened h) {
        String key = h.realm() + "/" + (h.user() == null ? "" : h.user());
        long now = clock.getAsLong();
        Window open = windows.get(key);
        if (open != null) {
            keep(open, h);
            return null;
        }
        if (windows.size() >= MAX_USERS) {
            ledger.drop();
            return null; // A flood. The sweep sees these users; the windows that are open go on counting.
        }
        Window fresh = new Window(now + window);
        windows.put(key, fresh);
        if (spend(now)) {
            return h;
        }
        keep(fresh, h);
        return null;
    }

    /**
     * What ended windows leave to publish, and opens each of these anew. To be called now and then. These are in the
     * ledger already.
     */
    synchronized List<Happened> flush() {
        long now = clock.getAsLong();
        List<Happened> out = new ArrayList<>();
        for (Iterator<Window> i = windows.values().iterator(); i.hasNext(); ) {
            Window w = i.next();
            if (w.end > now) {
                continue;
            }
            if (w.count == 0) {
                i.remove();
            } else if (spend(now)) {
                out.add(release(w));
                w.end = now + window;
            }
        }
        return out;
    }

    /** All that is kept, before its windows end: this node is about to leave. */
    synchronized List<Happened> rest() {
        return windows.values().stream().filter(w -> w.count > 0).map(this::release).toList();
    }

    private void keep(Window w, Happened h) {
        if (w.count == 0) {
            w.first = h.at();
            ledger.hold(h.at());
        }
        w.last = h;
        w.count++;
    }

    private Happened release(Window w) {
        Happened last = w.last.withSuppressed(w.count - 1);
        ledger.release(w.first, last.at());
        w.last = null;
        w.count = 0;
        return last;
    }

    private boolean spend(long now) {
        bucket = Math.min(BURST, bucket + (now - filledAt) / (double) MILLIS_PER_EVENT);
        filledAt = now;
        if (bucket < 1) {
            return false;
        }
        bucket--;
        return true;
    }

    private static final class Window {
        private long end;
        private long first;
        private Happened last;
        private int count;

        Window(long end) {
            this.end = end;
        }
    }
}
