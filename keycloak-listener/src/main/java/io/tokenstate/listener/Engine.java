package io.tokenstate.listener;

import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Joins the parts: takes in what was committed, and runs the threads that make messages of it. {@link #accept} is the
 * only thing called on a request's thread; it never waits, never asks a database and never throws.
 */
final class Engine {
    /** Repeats of a failed look before it is left to the worker: after 1, 2, 4, 8 and 16 s. */
    private static final int TRIES = 5;
    /** Messages that may wait before looks are held back. */
    private static final int ROOM = 256;
    private static final long WAIT_FOR_START = 200;

    private final Options options;
    private final LongSupplier clock = () -> System.nanoTime() / 1_000_000;
    private final Complaints complaints;
    private final Envelope envelope;
    private final Looker looker;
    private final Hearing hearing;
    private final NatsLink link;
    private final Ledger ledger;
    private final Outbox outbox = new Outbox();
    private final LinkedBlockingQueue<Happened> intake = new LinkedBlockingQueue<>();
    private final LookQueue looks;
    private final RefreshErrors refreshErrors;
    private final Heartbeat heartbeat;
    private final List<Loop> loops;
    private volatile boolean closed;
    private volatile boolean ready;
    private volatile boolean beats;

    /** @param resource API version of this node's read-only resource; 0: none */
    Engine(Options options, Envelope envelope, Looker looker, Hearing hearing, int resource, Complaints complaints) {
        this.options = options;
        this.envelope = envelope;
        this.looker = looker;
        this.hearing = hearing;
        this.complaints = complaints;
        link = new NatsLink(new NatsOptions(options), complaints);
        ledger = new Ledger(options.queueSize);
        looks = new LookQueue(options.queueSize, clock);
        refreshErrors = new RefreshErrors(options.refreshErrorWindow, clock, ledger);
        heartbeat = new Heartbeat(ledger, envelope, link, resource);
        Publisher publisher = new Publisher(outbox, ledger, link, complaints);
        loops = List.of(new Loop("tokenstate-connect", complaints, link::run),
                new Loop("tokenstate-event", complaints, this::nextEvent),
                new Loop("tokenstate-look", complaints, this::nextLook),
                new Loop("tokenstate-send", complaints, publisher::deliverNext),
                new Loop("tokenstate-beat", complaints, this::nextBeat));
    }

    void start() {
        loops.forEach(Loop::start);
    }

    /**
     * Keycloak's database is there, so heartbeats may ask it. A look is tried before the first of them.
     *
     * @throws LinkageError if this version of Keycloak lacks what looks are made of
     */
    void ready() {
        try {
            looker.rehearse();
        } catch (RuntimeException e) {
            complaints.warn("the look on trial failed", e); // The database's trouble, say: looks are repeated.
        }
        ready = true;
    }

    /** Takes in one committed event; drops and counts it when the queue is full. */
    void accept(Happened h) {
        if (closed) {
            return;
        }
        Happened now = h.suppressed() == null ? h : refreshErrors.offer(h);
        if (now != null) {
            take(now);
        }
    }

    private void take(Happened h) {
        if (ledger.tryOpen(h.at())) {
            intake.add(h);
            return;
        }
        ledger.drop();
        complaints.warn("the queue is full, an event was dropped", h.type());
        if (announceLook(h)) {
            requestLook(h);
        }
    }

    private void nextEvent() throws InterruptedException {
        intake.addAll(refreshErrors.flush());
        Happened h = intake.poll(500, TimeUnit.MILLISECONDS);
        if (h == null) {
            return;
        }
        Happened named = withClient(h);
        Message message;
        try {
            message = envelope.event(named);
        } catch (RuntimeException e) {
            giveUp(h.at(), "an event could not be written", h.type());
            return;
        }
        // In the ledger before the event can leave it, in the queue only after the event stands in the outbox.
        boolean look = announceLook(named);
        outbox.add(message);
        if (look) {
            requestLook(named);
        }
    }

    private Happened withClient(Happened h) {
        try {
            return looker.withClient(h, options.realms.name(h.realm()));
        } catch (RuntimeException e) {
            // A client without its UUID is a doubt instead of a fact, which is better than no event.
            complaints.warn("cannot look up the client of an event", e);
            return h;
        }
    }

    private boolean announceLook(Happened h) {
        if (h.subject() != null) {
            ledger.open(h.at());
        }
        return h.subject() != null;
    }

    private void requestLook(Happened h) {
        long due = clock.getAsLong() + (h.birth() ? options.birthDelay : 0);
        if (!looks.add(h.subject(), h.cause(due))) {
            giveUp(h.at(), "too many looks are waiting, one was left to the worker", h.type());
        }
    }

    private void nextLook() throws InterruptedException {
        outbox.awaitRoom(ROOM);
        LookQueue.Look look = looks.take();
        Message seen;
        try {
            seen = looker.look(look);
        } catch (RuntimeException | LinkageError e) {
            complaints.warn("a look failed", e);
            look.causes().forEach(c -> lookAgain(look.subject(), c));
            return;
        }
        outbox.add(seen);
    }

    private void lookAgain(Subject subject, Cause c) {
        boolean waits = c.tries() < TRIES && looks.add(subject, c.again(clock.getAsLong() + (1_000L << c.tries())));
        if (!waits) {
            giveUp(c.at(), "a look failed again and again and was left to the worker", c.type());
        }
    }

    private void giveUp(long at, String what, String detail) {
        ledger.drop();
        ledger.close(at);
        complaints.warn(what, detail);
    }

    private void nextBeat() throws InterruptedException {
        try {
            beat();
        } finally {
            link.awaitChange(ready ? options.heartbeat : WAIT_FOR_START);
        }
    }

    private void beat() throws InterruptedException {
        List<String> deaf = ready ? hearing.deaf() : List.of();
        beats = ready && deaf.isEmpty();
        if (beats) {
            heartbeat.beat();
        } else if (ready) {
            complaints.error("realms that do not list tokenstate among their events listeners are not heard, and this "
                    + "Keycloak knows no global listeners: no heartbeat is sent", Text.cut(deaf.toString(), Text.MAX));
        }
    }

    /** Stops within about four seconds: a second to deliver, a second for the last heartbeat, the rest to drain. */
    void close() {
        closed = true;
        intake.addAll(refreshErrors.rest());
        try {
            if (link.connected()) {
                ledger.awaitEmpty(1_000);
            }
            if (beats) {
                heartbeat.leave();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        loops.forEach(Loop::stop);
        link.close();
    }
}
