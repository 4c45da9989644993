package io.tokenstate.listener;

import java.util.List;

/**
 * One message on its way to the log.
 *
 * @param id      envelope id and Nats-Msg-Id; a retry keeps it, so that a late success and its repeat are one
 * @param subject {@code tokenstate.v1.<realm>.<class>.<name>}
 * @param covers  times (ms) of the events whose delivery this message completes; the ledger closes them
 * @param trace   traceparent of the request that caused it, or null
 */
record Message(String id, String subject, byte[] body, List<Long> covers, String trace) {

    /** Alias of the realm that it speaks of; no alias holds a dot. */
    String realm() {
        return subject.split("\\.", 5)[2];
    }

    /** An observation, which readers must find after the events that it answers. */
    boolean isLook() {
        return subject.split("\\.", 5)[3].equals("observation");
    }

    Message covering(List<Long> times) {
        return new Message(id, subject, body, times, trace);
    }
}
