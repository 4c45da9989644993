package io.tokenstate.listener;

/**
 * Why a look is taken: one event. A look that lists an event as its cause settles that event's doubt, and with it those
 * of its subject that were committed before, so a cause may be listed only by a look that began after
 * {@code committedBy}.
 *
 * @param at       the event's time, ms; its second is the N of {@code gone(N)}
 * @param session  the session that the event names as ended; null for every event that is not of the death class
 * @param narrow   only {@code client} was named within the session, not every client of it
 * @param client   UUID of the client that the event is about; null if unknown
 * @param clientId client_id of the same client, for the look at its standing
 * @param user     whose session it was, if the event tells: the look may find no session to ask
 * @param committedBy when what the event is about was in Keycloak's database at the latest, ms
 * @param due      earliest moment of the look, ms of the monotonic clock
 * @param tries    looks for it that failed
 * @param trace    traceparent of its request, or null
 */
record Cause(String event, String type, long at, String session, boolean narrow, String client, String clientId,
             String user, long committedBy, long due, int tries, String trace) {

    Cause again(long later) {
        return new Cause(event, type, at, session, narrow, client, clientId, user, committedBy, later, tries + 1, trace);
    }
}
