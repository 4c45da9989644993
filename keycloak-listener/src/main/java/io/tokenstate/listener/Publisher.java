package io.tokenstate.listener;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Delivers the outbox in order, one message at a time, each until JetStream acknowledged it. A message that NATS
 * takes under no circumstances is given up, counted and told; everything else is tried for ever.
 */
final class Publisher {
    private static final long ACK_WAIT = 5_000;
    private static final long MAX_BACK_OFF = 5_000;
    /** The stream's max_msg_size is 64 KiB and counts headers. */
    private static final int MAX_BODY = 65_536 - 512;

    private final Outbox outbox;
    private final Ledger ledger;
    private final Link link;
    private final Complaints complaints;

    Publisher(Outbox outbox, Ledger ledger, Link link, Complaints complaints) {
        this.outbox = outbox;
        this.ledger = ledger;
        this.link = link;
        this.complaints = complaints;
    }

    /** Body of the sending thread, once round: one message from the outbox to the log. */
    void deliverNext() throws InterruptedException {
        Message m = outbox.head();
        long wait = 50;
        Reply reply = send(m);
        while (reply.outcome() == Reply.Outcome.UNKNOWN) {
            complaints.warn("the log did not take a message, trying on", reply.detail());
            link.awaitChange(wait + ThreadLocalRandom.current().nextLong(wait));
            wait = Math.min(MAX_BACK_OFF, wait * 2);
            reply = send(m);
        }
        if (reply.outcome() == Reply.Outcome.TOO_LARGE) {
            ledger.drop();
            complaints.error("gave up a message larger than NATS takes", m.subject() + ", " + m.body().length + " bytes");
        }
        outbox.remove(m);
        m.covers().forEach(ledger::close);
    }

    private Reply send(Message m) throws InterruptedException {
        return m.body().length > MAX_BODY ? Reply.tooLarge() : link.publish(m, ACK_WAIT);
    }
}
