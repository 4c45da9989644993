package io.tokenstate.listener;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The one JSON mapper, Keycloak's own Jackson with its defaults. */
final class Json {
    static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {
    }

    /** Absent where there is nothing to say. */
    static void put(ObjectNode to, String name, String value) {
        if (value != null && !value.isEmpty()) {
            to.put(name, value);
        }
    }

    static byte[] bytes(JsonNode node) {
        try {
            return MAPPER.writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of bounded strings is always writable", e);
        }
    }
}
