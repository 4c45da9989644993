package io.tokenstate.listener;

import java.util.concurrent.atomic.LongAdder;

/**
 * Delivers the outbox, several messages at a time, each until JetStream acknowledged it. A message that NATS takes
 * under no circumstances is given up, counted and told; everything else is tried for ever, and keeps its id, so that
 * one whose acknowledgement was lost is not stored twice.
 */
final class Publisher {
    private static final long ACK_WAIT = 5_000;
    /** The stream's max_msg_size is 64 KiB and counts headers. */
    private static final int MAX_BODY = 65_536 - 512;

    private final Outbox outbox;
    private final Ledger ledger;
    private final Link link;
    private final Complaints complaints;
    private final LongAdder published = new LongAdder();
    private final LongAdder failures = new LongAdder();

    Publisher(Outbox outbox, Ledger ledger, Link link, Complaints complaints) {
        this.outbox = outbox;
        this.ledger = ledger;
        this.link = link;
        this.complaints = complaints;
    }

    /** Body of the sending thread, once round: what waits in the outbox on its way to the log. */
    void send() throws InterruptedException {
        for (Lane.Item item = outbox.next(); item != null; item = outbox.more()) {
            send(item);
        }
    }

    void send(Lane.Item item) {
        Message m = item.message();
        if (m.body().length > MAX_BODY) {
            answered(item, Reply.tooLarge());
        } else {
            link.publish(m, ACK_WAIT).thenAccept(reply -> answered(item, reply));
        }
    }

    /** On any thread. */
    private void answered(Lane.Item item, Reply reply) {
        Message m = item.message();
        if (reply.outcome() == Reply.Outcome.UNKNOWN) {
            failures.increment();
            complaints.warn("the log did not take a message, trying on", "realm " + m.realm() + ", " + reply.detail());
            outbox.failed(item);
            return;
        }
        if (reply.outcome() == Reply.Outcome.TOO_LARGE) {
            ledger.drop();
            complaints.error("gave up a message larger than NATS takes", m.subject() + ", " + m.body().length + " bytes");
        } else {
            published.increment();
        }
        outbox.done(item);
        m.covers().forEach(ledger::close);
    }

    /** Messages that the log acknowledged, and attempts that it did not. */
    long published() {
        return published.sum();
    }

    long failures() {
        return failures.sum();
    }
}
