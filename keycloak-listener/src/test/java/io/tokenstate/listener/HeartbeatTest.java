package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;

class HeartbeatTest {
    private final Ledger ledger = new Ledger(10);
    private final FakeLink link = new FakeLink();
    private final Heartbeat heartbeat = new Heartbeat(ledger, Samples.ENVELOPE, link, 1);

    private JsonNode last() {
        return Schema.valid(link.sent.get(link.sent.size() - 1)).path("data");
    }

    /** One that always says "nothing queued" would claim that all is delivered. */
    @Test
    void saysWhatIsNotDeliveredAndWhatWasDropped() {
        ledger.tryOpen(70);
        ledger.tryOpen(50);
        ledger.drop();
        link.answers.add(Reply.unknown("no answer"));
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
        assertEquals(2, link.sent.size(), "a heartbeat is never repeated");
    }

    @Test
    void namesTheProcessAndTheResource() {
        heartbeat.beat();
        assertEquals(NodeName.INSTANCE, last().path("instance").asText());
        assertEquals(1, last().path("resource").asInt());
        assertTrue(NodeName.INSTANCE.matches("[0-9a-f-]{36}"));
    }
}
