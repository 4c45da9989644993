package io.tokenstate.listener;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/**
 * What came of one publish. JetStream's acknowledgement is read here and not by the client's JetStream context, so
 * that nothing but the three subjects ever needs a permission.
 *
 * @param detail for the log
 */
record Reply(Outcome outcome, String detail) {
    /** The message is larger than the stream takes: the one error that no retry can mend. */
    private static final int MESSAGE_SIZE_EXCEEDED = 10054;

    /** UNKNOWN includes a message that was stored although no answer came: the retry keeps its id. */
    enum Outcome { STORED, TOO_LARGE, UNKNOWN }

    static Reply unknown(String detail) {
        return new Reply(Outcome.UNKNOWN, detail);
    }

    static Reply tooLarge() {
        return new Reply(Outcome.TOO_LARGE, "larger than NATS takes");
    }

    /** @param ack the answer's body; only {"stream":"TOKENSTATE","seq":n>0} without an error means stored */
    static Reply of(byte[] ack) {
        if (ack == null || ack.length == 0) {
            return unknown("empty answer");
        }
        JsonNode json;
        try {
            json = Json.MAPPER.readTree(ack);
        } catch (IOException e) {
            return unknown("answer is no JSON");
        }
        if (json.has("error")) {
            int code = json.path("error").path("err_code").asInt();
            return code == MESSAGE_SIZE_EXCEEDED ? tooLarge() : unknown("JetStream error " + code);
        }
        boolean stored = NatsLink.STREAM.equals(json.path("stream").asText()) && json.path("seq").asLong() > 0;
        return stored ? new Reply(Outcome.STORED, "") : unknown("answer is no acknowledgement");
    }
}
