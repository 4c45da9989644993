package io.tokenstate.listener;

import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.ErrorListener;
import io.nats.client.Nats;
import io.nats.client.impl.Headers;
import io.nats.client.impl.NatsMessage;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The connection to NATS, kept up for ever in the background: Keycloak starts, and goes on, whether NATS is there or
 * not. Nothing is buffered in the client while it reconnects; what was not acknowledged lies in our own outbox.
 */
final class NatsLink implements Link, ConnectionListener, ErrorListener {
    private static final long MAX_WAIT = 5_000;

    private final NatsOptions options;
    private final Complaints complaints;
    private volatile Connection connection;
    private boolean closed;
    private long changes;

    NatsLink(NatsOptions options, Complaints complaints) {
        this.options = options;
        this.complaints = complaints;
    }

    /** Body of the connecting thread: one connection after the other, each with the client's endless reconnects. */
    void run() throws InterruptedException {
        long wait = 100;
        while (!isClosed()) {
            try {
                // The client gives up for good after two equal refusals of our credentials, hence the loop.
                Connection c = Nats.connect(options.build(this, this));
                connection = c;
                complaints.info("connected to NATS", options.node());
                changed();
                wait = 100;
                awaitClosed(c);
            } catch (IOException | RuntimeException e) {
                complaints.warn("cannot connect to NATS, trying on", e);
                awaitChange(wait + ThreadLocalRandom.current().nextLong(wait));
                wait = Math.min(MAX_WAIT, wait * 2);
            }
        }
    }

    boolean connected() {
        Connection c = connection;
        return c != null && c.getStatus() == Connection.Status.CONNECTED;
    }

    @Override
    public Reply publish(Message m, long millis) throws InterruptedException {
        Connection c = connection;
        if (!connected()) {
            return Reply.unknown("not connected");
        }
        if (m.body().length > c.getMaxPayload() - 1024) {
            return Reply.tooLarge();
        }
        try {
            // Another stream or a stray responder on these subjects must not be taken for the log.
            Headers headers = new Headers().add("Nats-Msg-Id", m.id()).add("Nats-Expected-Stream", "TOKENSTATE");
            io.nats.client.Message answer = c.request(
                    NatsMessage.builder().subject(m.subject()).headers(headers).data(m.body()).build(),
                    Duration.ofMillis(millis));
            return answer == null ? Reply.unknown("no answer: no stream, no permission, or a timeout")
                    : Reply.of(answer.getData());
        } catch (RuntimeException e) {
            return Reply.unknown(e.getClass().getSimpleName());
        }
    }

    @Override
    public synchronized void awaitChange(long millis) throws InterruptedException {
        long seen = changes;
        long end = System.nanoTime() + millis * 1_000_000;
        while (seen == changes && !closed) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return;
            }
            wait(left);
        }
    }

    /** Ends the connection in good order, within about a second. */
    void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        Connection c = connection;
        if (c == null) {
            return;
        }
        try {
            c.drain(Duration.ofSeconds(1)).get(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException | ExecutionException | RuntimeException e) {
            quietly(c);
        }
    }

    private static void quietly(Connection c) {
        try {
            c.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void connectionEvent(Connection c, Events event) {
        if (event == Events.RECONNECTED) {
            complaints.info("connected to NATS again", event.name());
        } else if (event == Events.DISCONNECTED && connection != null && !isClosed()) {
            complaints.warn("lost the connection to NATS, reconnecting", event.name());
        }
        changed();
    }

    /** NATS tells a forbidden publish only here; its caller sees a timeout. */
    @Override
    public void errorOccurred(Connection c, String error) {
        complaints.warn("NATS refuses", Text.cut(error, 200));
    }

    @Override
    public void exceptionOccurred(Connection c, Exception e) {
        if (!isClosed()) {
            complaints.warn("trouble on the connection to NATS", e);
        }
    }

    private synchronized void changed() {
        changes++;
        notifyAll();
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private synchronized void awaitClosed(Connection c) throws InterruptedException {
        while (!closed && c.getStatus() != Connection.Status.CLOSED) {
            wait(1_000);
        }
    }
}
