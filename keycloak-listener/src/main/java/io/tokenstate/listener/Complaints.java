package io.tokenstate.listener;

import java.util.HashMap;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * The listener's log: each kind of trouble once a minute at most, with a count, because during an outage every event
 * of a busy realm is the same trouble. Nothing said here may hold a secret or an event's contents; an exception shows
 * only as its class, for messages of foreign libraries quote URLs with passwords.
 */
final class Complaints {
    private static final Logger LOG = Logger.getLogger("io.tokenstate.listener");
    private static final long PERIOD = 60_000_000_000L;

    private final Map<String, Kind> kinds = new HashMap<>();

    /** @param what a constant sentence: it is the key too */
    void warn(String what, String detail) {
        say(Logger.Level.WARN, what, detail);
    }

    void warn(String what, Throwable t) {
        say(Logger.Level.WARN, what, name(t));
    }

    void error(String what, String detail) {
        say(Logger.Level.ERROR, what, detail);
    }

    void info(String what, String detail) {
        say(Logger.Level.INFO, what, detail);
    }

    private synchronized void say(Logger.Level level, String what, String detail) {
        Kind kind = kinds.computeIfAbsent(what, k -> new Kind());
        kind.count++;
        long now = System.nanoTime();
        if (kind.toldBefore && now - kind.told < PERIOD) {
            return;
        }
        String times = kind.count == 1 ? "" : ", " + kind.count + " times";
        LOG.logf(level, "tokenstate: %s (%s%s)", what, detail == null ? "no detail" : detail, times);
        kind.toldBefore = true;
        kind.told = now;
        kind.count = 0;
    }

    private static String name(Throwable t) {
        Throwable cause = t.getCause();
        return t.getClass().getSimpleName() + (cause == null ? "" : " of " + cause.getClass().getSimpleName());
    }

    private static final class Kind {
        private boolean toldBefore;
        private long told;
        private long count;
    }
}
