package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** The schema that Go tests against too. */
final class Schema {
    private static final JsonSchema SCHEMA = load();

    private Schema() {
    }

    private static JsonSchema load() {
        try {
            String text = Files.readString(Path.of("../internal/events/envelope.schema.json"));
            return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(text);
        } catch (IOException e) {
            throw new IllegalStateException("the envelope's schema belongs beside the listener", e);
        }
    }

    static JsonNode valid(Message m) {
        assertTrue(m.body().length <= 65_536, "size " + m.body().length);
        JsonNode json = valid(m.body());
        assertEquals(m.id(), json.path("id").asText());
        return json;
    }

    static JsonNode valid(byte[] body) {
        try {
            JsonNode json = Json.MAPPER.readTree(body);
            assertEquals(Set.of(), SCHEMA.validate(json), json.toPrettyString());
            return json;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
