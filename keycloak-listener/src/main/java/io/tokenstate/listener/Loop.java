package io.tokenstate.listener;

/** A daemon thread that does one thing again and again and survives everything but its own interruption. */
final class Loop {
    /**
     * A rest after each round, ms, of loops that then find more to do at once. On two busy processors a thread that is
     * woken for each message costs more than the message, here and in NATS.
     */
    static final long GATHER = 20;

    private final Thread thread;

    /** One round. */
    interface Round {
        void run() throws InterruptedException;
    }

    Loop(String name, Complaints complaints, Round round) {
        this(name, complaints, round, 0);
    }

    /** @param rest after each round, ms */
    Loop(String name, Complaints complaints, Round round, long rest) {
        thread = new Thread(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                try {
                    round.run();
                    Thread.sleep(rest);
                } catch (InterruptedException e) {
                    return;
                } catch (Throwable t) {
                    complaints.warn("a round of " + name + " failed", t);
                    if (!pause()) {
                        return;
                    }
                }
            }
        }, name);
        thread.setDaemon(true);
    }

    private static boolean pause() {
        try {
            Thread.sleep(100);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    void start() {
        thread.start();
    }

    void stop() {
        thread.interrupt();
    }
}
