package io.tokenstate.listener;

import java.util.List;

/**
 * One message on its way to the log.
 *
 * @param id      envelope id and Nats-Msg-Id; a retry keeps it, so that a late success and its repeat are one
 * @param covers  times (ms) of the events whose delivery this message completes; the ledger closes them
 */
record Message(String id, String subject, byte[] body, List<Long> covers) {
}
