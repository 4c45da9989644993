package io.tokenstate.listener;

/**
 * Tells how far this node has delivered. A heartbeat never waits in the outbox and is never repeated: a late one
 * would claim for an instant what was not true of it. While NATS is away there is none, which is the truth too.
 */
final class Heartbeat {
    private static final long ACK_WAIT = 5_000;

    private final Ledger ledger;
    private final Envelope envelope;
    private final Link link;
    private final int resource;

    /** @param resource API version of this node's read-only resource; 0: none */
    Heartbeat(Ledger ledger, Envelope envelope, Link link, int resource) {
        this.ledger = ledger;
        this.envelope = envelope;
        this.link = link;
        this.resource = resource;
    }

    void beat() {
        link.publish(now(false), ACK_WAIT);
    }

    /** The last one, within a second: readers need not wait for this node. */
    void leave() {
        link.publish(now(true), 1_000).join();
    }

    private Message now(boolean leaving) {
        // The clock first: what comes in between is in the ledger and makes 'oldest' older, never younger.
        long at = System.currentTimeMillis();
        return envelope.heartbeat(at, ledger.snapshot(), NodeName.INSTANCE, resource, leaving);
    }
}
