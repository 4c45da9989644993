package io.tokenstate.listener;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An admin event's representation, reduced to the members that matter. It is read as a stream on the request's
 * thread, where a realm's full representation may pass by, and everything personal in it is skipped unread.
 */
final class Representation {
    /** Beyond this many characters a representation counts as absent; a look follows in any case. */
    private static final int MAX = 1 << 20;

    private Representation() {
    }

    /** Never null; empty where there is nothing of interest, or the text is not one whole JSON object. */
    static Map<String, Object> reduce(String json) {
        if (json == null || json.length() > MAX) {
            return Map.of();
        }
        Map<String, Object> out = new LinkedHashMap<>();
        try (JsonParser in = Json.MAPPER.createParser(json)) {
            if (in.nextToken() != JsonToken.START_OBJECT) {
                return Map.of();
            }
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String name = in.currentName();
                member(in, name, in.nextToken(), out);
            }
            // What follows the object would make it another text than the worker's backfill reads.
            return in.nextToken() == null ? out : Map.of();
        } catch (IOException e) {
            return Map.of(); // Cut or foreign: half of it could say offline:false, and nobody would look.
        }
    }

    private static void member(JsonParser in, String name, JsonToken value, Map<String, Object> out) throws IOException {
        switch (name) {
            case "offline", "enabled", "consentRequired" -> {
                if (value.isBoolean()) {
                    out.put(name, in.getBooleanValue());
                }
            }
            case "notBefore" -> {
                if (value == JsonToken.VALUE_NUMBER_INT) {
                    out.put(name, in.getLongValue());
                }
            }
            case "clientId" -> {
                String id = value == JsonToken.VALUE_STRING ? Text.id(in.getText()) : null;
                if (id != null) {
                    out.put(name, id);
                }
            }
            default -> { }
        }
        in.skipChildren();
    }
}
