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

    /** Never null; empty where there is nothing of interest or no JSON object. */
    static Map<String, Object> reduce(String json) {
        Map<String, Object> out = new LinkedHashMap<>();
        if (json == null || json.length() > MAX) {
            return out;
        }
        try (JsonParser in = Json.MAPPER.createParser(json)) {
            if (in.nextToken() != JsonToken.START_OBJECT) {
                return out;
            }
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String name = in.currentName();
                member(in, name, in.nextToken(), out);
            }
        } catch (IOException e) {
            // Keycloak wrote it, so this is a cut or foreign text: what was read so far is still true.
            return out;
        }
        return out;
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
