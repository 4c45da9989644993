package io.tokenstate.listener;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/** Writes messages by {@code internal/events/envelope.schema.json}. Pure; ids of observations and heartbeats are given. */
final class Envelope {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final String ROOT = "tokenstate.v1.";

    private final String node;
    private final String server;
    private final Supplier<String> ids;

    /**
     * @param server Keycloak's version
     * @param ids    random ids; guessable ones would let whoever may publish have ours swallowed as duplicates
     */
    Envelope(String node, String server, Supplier<String> ids) {
        this.node = node;
        this.server = Text.cut(server, 32);
        this.ids = ids;
    }

    /** @param committedBy when what the event is about was in Keycloak's database at the latest, ms of this node's clock */
    Message event(Happened h, long committedBy) {
        ObjectNode data = Json.MAPPER.createObjectNode();
        data.put("event", h.event()).put("kind", h.kind().token).put("type", h.type());
        data.put("committed_by", committedBy);
        Json.put(data, "path", h.path());
        Json.put(data, "user", h.user());
        Json.put(data, "session", h.session());
        Json.put(data, "client", h.client());
        Json.put(data, "client_id", h.clientId());
        Json.put(data, "error", h.error());
        if (!h.details().isEmpty()) {
            data.set("details", Json.MAPPER.valueToTree(h.details()));
        }
        if (h.representation() != null) {
            data.set("representation", Json.MAPPER.valueToTree(h.representation()));
        }
        Json.put(data, "realm_name", h.realmName());
        if (h.suppressed() != null) {
            data.put("suppressed", h.suppressed());
        }
        String name = "event." + h.type().replace(' ', '_');
        if (h.actor() != null) {
            ObjectNode actor = data.putObject("actor");
            Json.put(actor, "user", h.actor().user());
            Json.put(actor, "client", h.actor().client());
            Json.put(actor, "realm", h.actor().realm());
        }
        return message(h.event() + "/l", "event", h.at(), h.realm(), name, data, List.of(h.at()), h.trace());
    }

    /** @param at the clock read before the look's transaction began, ms */
    Message observation(Subject subject, List<Cause> causes, long at, ObjectNode seen) {
        ObjectNode data = Json.MAPPER.createObjectNode();
        data.set("causes", causes(causes));
        data.setAll(seen);
        return message(ids.get(), "observation", at, subject.alias(),
                "observation." + subject.kind().token, data, causes.stream().map(Cause::at).toList(),
                causes.stream().map(Cause::trace).filter(Objects::nonNull).findFirst().orElse(null));
    }

    /**
     * @param instance random id of this start of the node's process
     * @param resource API version of the read-only resource of this node; 0 where there is none
     */
    Message heartbeat(long at, Ledger.Snapshot state, String instance, int resource, boolean leaving) {
        ObjectNode data = Json.MAPPER.createObjectNode();
        data.put("queued", state.queued());
        if (state.oldest() != null) {
            data.put("oldest", state.oldest());
        }
        data.put("dropped", state.dropped());
        if (leaving) {
            data.put("leaving", true);
        }
        data.put("instance", instance);
        if (resource > 0) {
            data.put("resource", resource);
        }
        return message(ids.get(), "heartbeat", at, "_", "heartbeat." + node, data, List.of(), null);
    }

    static ArrayNode causes(List<Cause> causes) {
        ArrayNode out = Json.MAPPER.createArrayNode();
        for (Cause c : causes) {
            ObjectNode cause = out.addObject().put("event", c.event()).put("type", c.type());
            Json.put(cause, "session", c.session());
            // The client narrows a named session; where nothing is named it would say nothing.
            Json.put(cause, "client", c.session() != null && c.narrow() ? c.client() : null);
            cause.put("at", c.at());
        }
        return out;
    }

    private Message message(String id, String type, long at, String realm, String name, ObjectNode data,
                            List<Long> covers, String trace) {
        ObjectNode m = Json.MAPPER.createObjectNode();
        m.put("specversion", "1.0").put("tsversion", "1").put("id", id).put("source", "urn:tokenstate:listener");
        m.put("type", "tokenstate." + type).put("time", TIME.format(Instant.ofEpochMilli(at)));
        m.put("datacontenttype", "application/json").put("realm", realm).put("node", node).put("server", server);
        m.set("data", data);
        return new Message(id, ROOT + Realms.token(realm) + "." + name, Json.bytes(m), covers, trace);
    }
}
