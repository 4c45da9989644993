package io.tokenstate.listener;

import java.util.HashMap;
import java.util.Map;

/**
 * How much may be looked: of one subject a look a second or 4 KiB a second in the long run, of one realm a hundred
 * looks or 256 KiB a second. A burst is free. Without this one ordinary account, which can make sessions as often as
 * it likes and so makes each look longer, fills the log.
 *
 * <p>Pure: a token bucket as one number per key, the time until which what was used is paid. Whatever the debt, nobody
 * waits longer than {@link #LONGEST} for the next look.
 */
final class Bounds {
    static final long LONGEST = 60_000;
    /** What may be used ahead of time, ms: 32 looks or 128 KiB of a subject, 3,200 looks or 8 MiB of a realm. */
    private static final long BURST = 32_000;
    private static final int KEPT = 10_000;

    private final Map<Object, Long> paid = new HashMap<>();

    /** A look of so many bytes was taken. */
    void charge(Subject subject, long bytes, long now) {
        use(subject, Math.max(1_000, bytes * 1_000 / 4_096), now);
        use(subject.alias(), Math.max(10, bytes * 1_000 / 262_144), now);
        if (paid.size() > KEPT) {
            paid.values().removeIf(until -> until <= now);
        }
    }

    /** Earliest moment of the next look of this subject by its own bound. */
    long subject(Subject subject, long now) {
        return opens(subject, now);
    }

    /** Earliest moment of the next look in this realm. */
    long realm(String alias, long now) {
        return opens(alias, now);
    }

    private void use(Object key, long millis, long now) {
        long until = Math.max(now, paid.getOrDefault(key, now)) + millis;
        paid.put(key, Math.min(until, now + BURST + LONGEST));
    }

    private long opens(Object key, long now) {
        return Math.max(now, paid.getOrDefault(key, now) - BURST);
    }
}
