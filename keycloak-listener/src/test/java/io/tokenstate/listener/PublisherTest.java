package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(10)
class PublisherTest {
    private final Outbox outbox = new Outbox();
    private final Ledger ledger = new Ledger(3);
    private final Deque<Reply> answers = new ArrayDeque<>();
    private final List<String> sent = new ArrayList<>();
    private final Publisher publisher = new Publisher(outbox, ledger, new Link() {
        @Override
        public Reply publish(Message m, long millis) {
            sent.add(m.id());
            return answers.isEmpty() ? new Reply(Reply.Outcome.STORED, "") : answers.remove();
        }

        @Override
        public void awaitChange(long millis) {
            // The back-off is not what is tested here.
        }
    }, new Complaints());

    private void add(String id, long at, int size) {
        ledger.tryOpen(at);
        outbox.add(new Message(id, "tokenstate.v1.demo.event.LOGOUT", new byte[size], List.of(at)));
    }

    @Test
    void retriesTheSameMessageInOrderUntilItIsStored() throws InterruptedException {
        answers.add(Reply.unknown("no answer"));
        answers.add(Reply.unknown("JetStream error 10077"));
        add("a", 10, 1);
        add("b", 20, 1);
        assertEquals(10, ledger.snapshot().oldest());
        publisher.deliverNext();
        assertEquals(List.of("a", "a", "a"), sent);
        assertEquals(new Ledger.Snapshot(1, 20L, 0), ledger.snapshot());
        publisher.deliverNext();
        assertEquals(new Ledger.Snapshot(0, null, 0), ledger.snapshot());
    }

    @Test
    void givesUpOnlyWhatIsTooLarge() throws InterruptedException {
        add("big", 10, 70_000);
        publisher.deliverNext();
        assertEquals(List.of(), sent);
        answers.add(Reply.tooLarge());
        add("refused", 20, 1);
        publisher.deliverNext();
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
        "{\"stream\":\"TOKENSTATE\"}|UNKNOWN",
        "{}|UNKNOWN", "hello|UNKNOWN", "''|UNKNOWN", "null|UNKNOWN"})
    void readsAcknowledgements(String ack, Reply.Outcome outcome) {
        assertEquals(outcome, Reply.of(ack.getBytes(StandardCharsets.UTF_8)).outcome());
    }
}
