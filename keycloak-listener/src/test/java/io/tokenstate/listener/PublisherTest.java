package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(10)
class PublisherTest {
    private final AtomicLong now = new AtomicLong(1_000);
    private final AtomicInteger roomier = new AtomicInteger();
    private final Outbox outbox = new Outbox(roomier::incrementAndGet, now::get);
    private final Ledger ledger = new Ledger(3);
    private final FakeLink link = new FakeLink();
    private final Publisher publisher = new Publisher(outbox, ledger, link, new Complaints());

    private void add(String id, String realm, String kind, long at) {
        add(id, realm, kind, at, 1);
    }

    private void add(String id, String realm, String kind, long at, int size) {
        ledger.open(at);
        outbox.add(new Message(id, "tokenstate.v1." + realm + "." + kind + ".X", new byte[size], List.of(at), null));
    }

    private void send(int n) throws InterruptedException {
        for (int i = 0; i < n; i++) {
            publisher.send(outbox.next());
        }
    }

    @Test
    void retriesTheSameMessageUntilItIsStored() throws InterruptedException {
        link.answers.add(Reply.unknown("no answer"));
        link.answers.add(Reply.unknown("JetStream error 10077"));
        add("a", "demo", "event", 10);
        add("b", "demo", "event", 20);
        assertEquals(10, ledger.snapshot().oldest());
        send(1);
        now.addAndGet(100);
        send(1);
        now.addAndGet(200);
        send(1);
        assertEquals(List.of("a", "a", "a"), link.ids());
        assertEquals(new Ledger.Snapshot(1, 20L, 0), ledger.snapshot());
        send(1);
        assertEquals(new Ledger.Snapshot(0, null, 0), ledger.snapshot());
        assertEquals(2, publisher.published());
        assertEquals(2, publisher.failures());
    }

    @Test
    void oneRoundSendsWhatIsThereAndMoreThanTheWindow() throws InterruptedException {
        for (int i = 0; i < 2 * Outbox.WINDOW; i++) {
            add("e" + i, "demo", "event", i);
        }
        add("b", "b", "event", 1);
        publisher.send();
        assertEquals(2 * Outbox.WINDOW + 1, link.sent.size());
    }

    @Test
    void aRoundWaitsForTheWindow() throws InterruptedException {
        link.silent = true;
        for (int i = 0; i <= Outbox.WINDOW; i++) {
            add("e" + i, "demo", "event", i);
        }
        Thread round = inBackground(publisher::send);
        assertEquals(Outbox.WINDOW, link.sent.size());
        link.unanswered.get(0).complete(FakeLink.STORED);
        round.join();
        assertEquals(Outbox.WINDOW + 1, link.sent.size());
    }

    /** Returns when the thread waits. */
    private static Thread inBackground(Loop.Round round) {
        Thread t = new Thread(() -> {
            try {
                round.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        t.start();
        while (t.getState() == Thread.State.RUNNABLE || t.getState() == Thread.State.NEW) {
            Thread.onSpinWait();
        }
        return t;
    }

    @Test
    void aRealmThatGetsRoomTellsTheLooksOnce() throws InterruptedException {
        for (int i = 0; i <= Outbox.ROOM; i++) {
            add("e" + i, "demo", "event", i);
        }
        send(1);
        assertEquals(0, roomier.get());
        send(1);
        assertEquals(1, roomier.get());
        send(Outbox.ROOM - 1);
        assertEquals(0, outbox.size("demo"));
        assertEquals(1, roomier.get());
    }

    @Test
    void manyAreOnTheirWayAndNoMoreThanTheWindow() throws InterruptedException {
        link.silent = true;
        for (int i = 0; i <= Outbox.WINDOW; i++) {
            add("e" + i, "demo", "event", i);
        }
        send(Outbox.WINDOW);
        assertEquals(Outbox.WINDOW, link.sent.size());
        Thread next = inBackground(() -> send(1));
        assertEquals(Outbox.WINDOW, link.sent.size(), "the window is full");
        link.unanswered.get(5).complete(FakeLink.STORED);
        next.join();
        assertEquals("e" + Outbox.WINDOW, link.sent.get(Outbox.WINDOW).id());
        assertEquals(0, ledger.snapshot().oldest(), "an earlier one is not acknowledged");
    }

    /** A reader that met the look first would take the event that comes after it for news. */
    @Test
    void aLookGoesAfterTheEventsThatWereThereBeforeIt() throws InterruptedException {
        link.silent = true;
        add("e1", "demo", "event", 1);
        add("look", "demo", "observation", 1);
        add("e2", "demo", "event", 2);
        send(2);
        assertEquals(List.of("e1", "e2"), link.ids());
        link.unanswered.get(1).complete(FakeLink.STORED);
        link.unanswered.get(0).complete(Reply.unknown("no answer"));
        link.silent = false;
        now.addAndGet(100);
        send(2);
        assertEquals(List.of("e1", "e2", "e1", "look"), link.ids());
    }

    @Test
    void aRealmThatNatsForbidsHoldsOnlyItselfBack() throws InterruptedException {
        link.answers.add(Reply.unknown("no permission"));
        add("a1", "a", "event", 1);
        add("a2", "a", "event", 2);
        add("b1", "b", "event", 3);
        add("b2", "b", "event", 4);
        send(3);
        assertEquals(List.of("a1", "b1", "b2"), link.ids());
        assertEquals(2, outbox.size("a"));
        outbox.tryNow();
        send(2);
        assertEquals(List.of("a1", "b1", "b2", "a1", "a2"), link.ids());
        assertEquals(0, outbox.size("a"));
    }

    @Test
    void whatFailedIsTriedOneAtATime() throws InterruptedException {
        link.silent = true;
        add("e1", "demo", "event", 1);
        add("e2", "demo", "event", 2);
        send(2);
        link.unanswered.get(1).complete(Reply.unknown("no answer"));
        link.unanswered.get(0).complete(Reply.unknown("no answer"));
        add("b", "b", "event", 3);
        send(1);
        outbox.tryNow();
        add("b2", "b", "event", 4);
        add("b3", "b", "event", 5);
        send(3);
        assertEquals(Set.of("e1", "b2", "b3"), Set.copyOf(link.ids().subList(3, 6)), "e2 waits for e1's answer");
    }

    @Test
    void givesUpOnlyWhatIsTooLarge() throws InterruptedException {
        add("big", "demo", "event", 10, 70_000);
        send(1);
        assertEquals(List.of(), link.ids());
        link.answers.add(Reply.tooLarge());
        add("refused", "demo", "event", 20);
        send(1);
        assertEquals(new Ledger.Snapshot(0, null, 2), ledger.snapshot());
    }

    @Test
    void theLedgerKeepsTheOldestOfEqualTimes() {
        ledger.tryOpen(10);
        ledger.open(10);
        ledger.close(10);
        assertEquals(new Ledger.Snapshot(1, 10L, 0), ledger.snapshot());
        ledger.tryOpen(5);
        ledger.tryOpen(7);
        assertEquals(false, ledger.tryOpen(1));
        assertEquals(5, ledger.snapshot().oldest());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{\"stream\":\"TOKENSTATE\",\"seq\":7}|STORED",
        "{\"stream\":\"TOKENSTATE\",\"seq\":7,\"duplicate\":true}|STORED",
        "{\"error\":{\"code\":400,\"err_code\":10054,\"description\":\"x\"}}|TOO_LARGE",
        "{\"error\":{\"code\":503,\"err_code\":10077},\"stream\":\"TOKENSTATE\",\"seq\":0}|UNKNOWN",
        "{\"error\":{\"code\":409,\"err_code\":10158}}|UNKNOWN",
        "{\"stream\":\"TOKENSTATE\"}|UNKNOWN", "{\"stream\":\"OTHER\",\"seq\":7}|UNKNOWN",
        "{}|UNKNOWN", "hello|UNKNOWN", "''|UNKNOWN", "null|UNKNOWN"})
    void readsAcknowledgements(String ack, Reply.Outcome outcome) {
        assertEquals(outcome, Reply.of(ack.getBytes(StandardCharsets.UTF_8)).outcome());
    }
}
