package io.tokenstate.listener;

/** What the listener tells of itself to whoever measures this Keycloak node. All may be asked on any thread. */
interface Figures {
    /** What is taken in and not delivered. */
    Ledger.Snapshot open();

    /** Messages that the log acknowledged. */
    long published();

    /** Attempts that the log did not acknowledge: while NATS is away, or forbids a subject. */
    long publishFailures();

    /** Looks that were taken. */
    long looks();

    /** How long all of these took, ns. */
    long lookNanos();

    /** Looks that are due and wait: for their turn, for a bound, or for room towards NATS. */
    long heldBack();
}
