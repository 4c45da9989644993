package io.tokenstate.listener;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A link that a test answers: with the next of {@link #answers}, else "stored"; or later, if it is silent. */
final class FakeLink implements Link {
    final List<Message> sent = Collections.synchronizedList(new ArrayList<>());
    final Deque<Reply> answers = new ArrayDeque<>();
    final List<CompletableFuture<Reply>> unanswered = Collections.synchronizedList(new ArrayList<>());
    final BlockingQueue<Message> arrivals = new LinkedBlockingQueue<>();
    volatile boolean silent;

    static final Reply STORED = new Reply(Reply.Outcome.STORED, "");

    @Override
    public synchronized CompletableFuture<Reply> publish(Message m, long millis) {
        sent.add(m);
        arrivals.add(m);
        if (silent) {
            unanswered.add(new CompletableFuture<>());
            return unanswered.get(unanswered.size() - 1);
        }
        return CompletableFuture.completedFuture(answers.isEmpty() ? STORED : answers.remove());
    }

    /** The next message of this class; waits for it. */
    Message next(String kind) throws InterruptedException {
        while (true) {
            Message m = arrivals.poll(30, TimeUnit.SECONDS);
            if (m == null) {
                throw new AssertionError("no " + kind + " was sent");
            }
            if (m.subject().contains("." + kind + ".")) {
                return m;
            }
        }
    }

    List<String> ids() {
        return sent.stream().map(Message::id).toList();
    }

    @Override
    public void run() throws InterruptedException {
        Thread.sleep(Long.MAX_VALUE);
    }

    @Override
    public boolean connected() {
        return true;
    }

    @Override
    public void onChange(Runnable r) {
        // It never changes.
    }

    @Override
    public void awaitChange(long millis) throws InterruptedException {
        Thread.sleep(millis);
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}
