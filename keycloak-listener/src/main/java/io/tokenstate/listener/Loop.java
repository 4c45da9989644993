package io.tokenstate.listener;

/** A daemon thread that does one thing again and again and survives everything but its own interruption. */
final class Loop {
    private final Thread thread;

    /** One round. */
    interface Round {
        void run() throws InterruptedException;
    }

    Loop(String name, Complaints complaints, Round round) {
        thread = new Thread(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                try {
                    round.run();
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
