package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeartbeatTest {
    private final Ledger ledger = new Ledger(10);
    private final List<Message> sent = new ArrayList<>();
    private final Heartbeat heartbeat = new Heartbeat(ledger, Samples.ENVELOPE, new Link() {
        @Override
        public Reply publish(Message m, long millis) {
            sent.add(m);
            return Reply.unknown("no answer");
        }

        @Override
        public void awaitChange(long millis) {
            // Nothing waits here.
        }
    }, 1);

    private JsonNode last() {
        return Schema.valid(sent.get(sent.size() - 1)).path("data");
    }

    /** One that always says "nothing queued" would claim that all is delivered. */
    @Test
    void saysWhatIsNotDeliveredAndWhatWasDropped() throws InterruptedException {
        ledger.tryOpen(70);
        ledger.tryOpen(50);
        ledger.drop();
        heartbeat.beat();
        assertEquals(2, last().path("queued").asInt());
        assertEquals(50, last().path("oldest").asLong());
        assertEquals(1, last().path("dropped").asLong());
        assertFalse(last().has("leaving"));
        ledger.close(50);
        ledger.close(70);
        heartbeat.leave();
        assertEquals(0, last().path("queued").asInt());
        assertFalse(last().has("oldest"));
        assertTrue(last().path("leaving").asBoolean());
        assertEquals(2, sent.size(), "a heartbeat is never repeated");
    }

    @Test
    void namesTheProcessAndTheResource() throws InterruptedException {
        heartbeat.beat();
        assertEquals(NodeName.INSTANCE, last().path("instance").asText());
        assertEquals(1, last().path("resource").asInt());
        assertTrue(NodeName.INSTANCE.matches("[0-9a-f-]{36}"));
    }
}
