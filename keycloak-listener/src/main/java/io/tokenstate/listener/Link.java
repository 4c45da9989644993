package io.tokenstate.listener;

/** The way to the log, as the publisher and the heartbeat need it. */
interface Link {
    /** Sends one message and waits for JetStream's answer, so long at most. Never throws but on interruption. */
    Reply publish(Message m, long millis) throws InterruptedException;

    /** Waits so long at most; returns at once when a connection comes up. */
    void awaitChange(long millis) throws InterruptedException;
}
