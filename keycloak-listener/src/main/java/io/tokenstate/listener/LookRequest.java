package io.tokenstate.listener;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What a look is asked for.
 *
 * @param realm Keycloak's name of it
 */
record LookRequest(String realm, String user, String client, String clientId, Set<String> sessions) {
    private static final int MAX_BODY = 128 << 10;
    private static final int MAX_SESSIONS = 1000;
    private static final Set<String> MEMBERS = Set.of("realm", "user", "client", "client_id", "sessions");

    /** @throws Refusal for everything that is not exactly such a request */
    static LookRequest read(InputStream body) {
        JsonNode json;
        try {
            byte[] raw = body == null ? new byte[0] : body.readNBytes(MAX_BODY + 1);
            if (raw.length > MAX_BODY) {
                throw Refusal.badRequest("the body is larger than 128 KiB");
            }
            json = Json.MAPPER.readTree(raw);
        } catch (IOException e) {
            throw Refusal.badRequest("the body is no JSON");
        }
        if (!json.isObject()) {
            throw Refusal.badRequest("the body is no JSON object");
        }
        for (Iterator<String> names = json.fieldNames(); names.hasNext(); ) {
            if (!MEMBERS.contains(names.next())) {
                throw Refusal.badRequest("the body has a member that this version does not know; known are " + MEMBERS);
            }
        }
        if (!json.has("realm")) {
            throw Refusal.badRequest("the member realm is missing");
        }
        return new LookRequest(text(json, "realm"), text(json, "user"), text(json, "client"), text(json, "client_id"),
                sessions(json.path("sessions")));
    }

    private static String text(JsonNode json, String name) {
        return json.has(name) ? id(name, json.path(name)) : null;
    }

    private static Set<String> sessions(JsonNode list) {
        if (list.isMissingNode()) {
            return Set.of();
        }
        if (!list.isArray() || list.size() > MAX_SESSIONS) {
            throw Refusal.badRequest("sessions must be a list of at most " + MAX_SESSIONS + " ids");
        }
        Set<String> out = new LinkedHashSet<>();
        list.forEach(item -> out.add(id("sessions", item)));
        return out;
    }

    private static String id(String name, JsonNode value) {
        String id = value.isTextual() ? Text.id(value.asText()) : null;
        if (id == null) {
            throw Refusal.badRequest(name + " must hold text of 1 to " + Text.MAX + " printable characters");
        }
        return id;
    }

    /** One question for the user and one for the sessions: theirs are told one by one, whoever owns them. */
    List<Question> questions() {
        Set<String> clients = client == null ? Set.of() : Set.of(client);
        Set<String> clientIds = clientId == null ? Set.of() : Set.of(clientId);
        List<Question> out = new ArrayList<>();
        if (user != null || sessions.isEmpty()) {
            out.add(new Question(user, true, false, Set.of(), clients, clientIds));
        }
        if (!sessions.isEmpty()) {
            out.add(new Question(null, false, false, sessions, user == null ? clients : Set.of(),
                    user == null ? clientIds : Set.of()));
        }
        return out;
    }
}
