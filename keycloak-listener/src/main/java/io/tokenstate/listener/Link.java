package io.tokenstate.listener;

import java.util.concurrent.CompletableFuture;

/** The way to the log. */
interface Link {
    /** Body of the connecting thread. */
    void run() throws InterruptedException;

    boolean connected();

    /** Calls r whenever a connection came up or went away; r must not block. */
    void onChange(Runnable r);

    /**
     * Sends one message, after those that were sent before it. JetStream's answer comes later, or after so long at
     * most the word that none came; never an exception.
     */
    CompletableFuture<Reply> publish(Message m, long millis);

    /** Waits so long at most; returns at once when a connection comes up. */
    void awaitChange(long millis) throws InterruptedException;

    /** Ends the connection in good order, within about a second. */
    void close();
}
