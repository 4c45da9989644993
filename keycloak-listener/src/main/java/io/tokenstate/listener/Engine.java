package io.tokenstate.listener;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Joins the parts: takes in what was committed, and runs the threads that make messages of it. {@link #accept} is the
 * only thing called on a request's thread; it never waits, never asks a database and never throws.
 */
final class Engine implements Figures, Intake {
    /** Repeats of a failed look before it is left to the worker: after 1, 2, 4, 8 and 16 s. */
    private static final int TRIES = 5;
    private static final long WAIT_FOR_START = 200;

    private final Options options;
    private final LongSupplier clock = () -> System.nanoTime() / 1_000_000;
    private final Complaints complaints;
    private final Envelope envelope;
    private final Sight sight;
    private final Supplier<List<String>> deaf;
    private final Link link;
    private final Ledger ledger;
    private final Outbox outbox;
    private final LinkedBlockingQueue<Happened> intake = new LinkedBlockingQueue<>();
    private final LookQueue looks;
    private final RefreshErrors refreshErrors;
    private final Heartbeat heartbeat;
    private final Publisher publisher;
    private final List<Loop> loops;
    private final LongAdder looksTaken = new LongAdder();
    private final LongAdder lookNanos = new LongAdder();
    private volatile boolean closed;
    private volatile boolean ready;
    private volatile boolean beats;

    /**
     * @param deaf     realms of which Keycloak does not tell us
     * @param resource API version of this node's read-only resource; 0: none
     */
    Engine(Options options, Envelope envelope, Sight sight, Supplier<List<String>> deaf, Link link, int resource,
            Complaints complaints) {
        this.options = options;
        this.envelope = envelope;
        this.sight = sight;
        this.deaf = deaf;
        this.link = link;
        this.complaints = complaints;
        ledger = new Ledger(options.queueSize);
        looks = new LookQueue(options.queueSize, clock, LookQueue.PACE, this::roomForLooks);
        outbox = new Outbox(looks::wake, clock);
        link.onChange(outbox::tryNow);
        refreshErrors = new RefreshErrors(options.refreshErrorWindow, clock, ledger);
        heartbeat = new Heartbeat(ledger, envelope, link, resource);
        publisher = new Publisher(outbox, ledger, link, complaints);
        loops = List.of(new Loop("tokenstate-connect", complaints, link::run),
                new Loop("tokenstate-event", complaints, this::nextEvents, Loop.GATHER),
                new Loop("tokenstate-look", complaints, this::nextLook),
                new Loop("tokenstate-send", complaints, publisher::send, Loop.GATHER),
                new Loop("tokenstate-beat", complaints, this::nextBeat));
    }

    void start() {
        loops.forEach(Loop::start);
    }

    /** Keycloak's database is there, so heartbeats may ask it. */
    void ready() {
        ready = true;
    }

    /** Takes in one committed event; drops and counts it when the queue is full. */
    @Override
    public void accept(Happened h) {
        if (closed) {
            return;
        }
        Happened now = h.suppressed() == null ? h : refreshErrors.offer(h);
        if (now != null) {
            take(now);
        }
    }

    private void take(Happened h) {
        // A realm that NATS takes nothing of must not fill the queue, or the others would lose their events.
        boolean crowded = outbox.size(h.realm()) > options.queueSize / 4 * 3;
        if (!crowded && ledger.tryOpen(h.at())) {
            intake.add(h);
            return;
        }
        ledger.drop();
        complaints.warn("the queue is full, an event was dropped", h.type());
        if (announceLook(h)) {
            requestLook(h, committedBy(h));
        }
    }

    /** Those that are there; waits for one. */
    private void nextEvents() throws InterruptedException {
        for (Happened h = nextEvent(500); h != null; h = nextEvent(0)) {
            tell(h);
        }
    }

    /** Refused refreshes that were folded come back among the events, also where these never cease. */
    private Happened nextEvent(long millis) throws InterruptedException {
        intake.addAll(refreshErrors.flush());
        return intake.poll(millis, TimeUnit.MILLISECONDS);
    }

    private void tell(Happened h) {
        Happened named = withClient(h);
        long committedBy = committedBy(h);
        Message message;
        try {
            message = envelope.event(named, committedBy);
        } catch (RuntimeException | LinkageError e) {
            giveUp(h.at(), "an event could not be written", h.type());
            return;
        }
        // In the ledger before the event can leave it, in the queue only after the event stands in the outbox.
        boolean look = announceLook(named);
        outbox.add(message);
        if (look) {
            requestLook(named, committedBy);
        }
    }

    private Happened withClient(Happened h) {
        try {
            return sight.withClient(h, options.realms.name(h.realm()));
        } catch (RuntimeException | LinkageError e) {
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

    /** Keycloak tells of an event after its commit, so now is later, but for what a birth has still to write. */
    private long committedBy(Happened h) {
        return System.currentTimeMillis() + delay(h);
    }

    private long delay(Happened h) {
        return h.birth() ? options.birthDelay : 0;
    }

    private void requestLook(Happened h, long committedBy) {
        long due = clock.getAsLong() + delay(h);
        if (!looks.add(h.subject(), h.cause(committedBy, due))) {
            giveUp(h.at(), "too many looks are waiting, one was left to the worker", h.type());
        }
    }

    private void nextLook() throws InterruptedException {
        List<LookQueue.Look> taken = looks.take();
        long began = System.nanoTime();
        List<CompletableFuture<List<Message>>> all = sight.look(taken);
        lookNanos.add(System.nanoTime() - began);
        for (int i = 0; i < taken.size(); i++) {
            LookQueue.Look look = taken.get(i);
            all.get(i).whenComplete((seen, failure) -> looked(look, seen, failure));
        }
    }

    /** On the looking thread, or on the one that asked a user store. */
    private void looked(LookQueue.Look look, List<Message> seen, Throwable failure) {
        if (failure != null) {
            complaints.warn("a look failed", failure);
            look.causes().forEach(c -> lookAgain(look, c));
            return;
        }
        looksTaken.increment();
        looks.charge(look.subject(), seen.stream().mapToLong(m -> m.body().length).sum());
        // Only with the last part is everything told that the look saw.
        seen.subList(0, seen.size() - 1).forEach(part -> outbox.add(part.covering(List.of())));
        outbox.add(seen.get(seen.size() - 1).covering(look.covers()));
    }

    private void lookAgain(LookQueue.Look look, Cause c) {
        List<Long> folded = look.folded().getOrDefault(c, List.of());
        Cause later = c.again(clock.getAsLong() + (1_000L << c.tries()));
        if (c.tries() < TRIES && looks.add(look.subject(), later, folded)) {
            return;
        }
        giveUp(c.at(), "a look failed again and again and was left to the worker", c.type());
        folded.forEach(ledger::close);
    }

    private boolean roomForLooks(String realm) {
        return outbox.size(realm) < Outbox.ROOM;
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
        List<String> unheard = ready ? deaf.get() : List.of();
        beats = ready && unheard.isEmpty();
        if (beats) {
            heartbeat.beat();
        } else if (ready) {
            complaints.error("realms that do not list tokenstate among their events listeners are not heard, and this "
                    + "Keycloak knows no global listeners: no heartbeat is sent", Text.cut(unheard.toString(), Text.MAX));
        }
    }

    @Override
    public void lost(long events) {
        ledger.drop(events);
    }

    @Override
    public Ledger.Snapshot open() {
        return ledger.snapshot();
    }

    @Override
    public long published() {
        return publisher.published();
    }

    @Override
    public long publishFailures() {
        return publisher.failures();
    }

    @Override
    public long looks() {
        return looksTaken.sum();
    }

    @Override
    public long lookNanos() {
        return lookNanos.sum();
    }

    @Override
    public long heldBack() {
        return looks.heldBack();
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
