package io.tokenstate.listener;

import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.ErrorListener;
import io.nats.client.Nats;
import io.nats.client.impl.Headers;
import io.nats.client.impl.NatsMessage;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The connection to NATS, kept up for ever in the background: Keycloak starts, and goes on, whether NATS is there or
 * not. Nothing is buffered in the client while it reconnects; what was not acknowledged lies in our own outbox.
 */
final class NatsLink implements Link, ConnectionListener, ErrorListener {
    /** The only stream whose word counts: the acknowledgement is checked for it, too. */
    static final String STREAM = "TOKENSTATE";
    private static final long MAX_WAIT = 5_000;

    private final NatsOptions options;
    private final Complaints complaints;
    private volatile Connection connection;
    private volatile Runnable onChange = () -> { };
    private boolean closed;
    private long changes;

    NatsLink(NatsOptions options, Complaints complaints) {
        this.options = options;
        this.complaints = complaints;
    }

    /** One connection after the other, each with the client's endless reconnects. */
    @Override
    public void run() throws InterruptedException {
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

    @Override
    public void onChange(Runnable r) {
        onChange = r;
    }

    @Override
    public boolean connected() {
        Connection c = connection;
        return c != null && c.getStatus() == Connection.Status.CONNECTED;
    }

    @Override
    public CompletableFuture<Reply> publish(Message m, long millis) {
        Connection c = connection;
        if (!connected()) {
            return CompletableFuture.completedFuture(Reply.unknown("not connected"));
        }
        if (m.body().length > c.getMaxPayload() - 1024) {
            return CompletableFuture.completedFuture(Reply.tooLarge());
        }
        try {
            // Another stream or a stray responder on these subjects must not be taken for the log.
            Headers headers = new Headers().add("Nats-Msg-Id", m.id()).add("Nats-Expected-Stream", STREAM);
            if (m.trace() != null) {
                headers.add("traceparent", m.trace());
            }
            // The client's own timeout is only as fine as its clean-up of old requests: hence our own.
            return c.request(NatsMessage.builder().subject(m.subject()).headers(headers).data(m.body()).build())
                    .orTimeout(millis, TimeUnit.MILLISECONDS)
                    .handle((answer, e) -> e != null || answer == null ? Reply.unknown(silence(e))
                            : Reply.of(answer.getData()));
        } catch (RuntimeException e) {
            return CompletableFuture.completedFuture(Reply.unknown(e.getClass().getSimpleName()));
        }
    }

    private static String silence(Throwable e) {
        return e == null || e instanceof TimeoutException || e instanceof CancellationException
                ? "no answer: no stream, no permission, or a timeout" : e.getClass().getSimpleName();
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

    @Override
    public void close() {
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

    private void changed() {
        synchronized (this) {
            changes++;
            notifyAll();
        }
        onChange.run();
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
