package io.tokenstate.listener;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Remembers each realm's settings for the lifetimes of sessions. The event UPDATE REALM does not say what was changed,
 * and to look at everybody beneath after each of them would cost a large realm hours; after a change of these it is
 * what has to be done, since sessions that are listed may be over and some that were over may live.
 */
final class Lifetimes {
    private final Map<String, String> known = new ConcurrentHashMap<>();

    /** Whether they are others than at the last look; the first look after a start has nothing to compare. */
    boolean changed(String realm, String settings) {
        String before = known.put(realm, settings);
        return before != null && !before.equals(settings);
    }
}
