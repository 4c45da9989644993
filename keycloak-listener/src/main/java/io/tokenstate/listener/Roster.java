package io.tokenstate.listener;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * The rosters of one observation, cut to what a message holds. Pure.
 *
 * <p>A roster that was cut short proves no absence, yet the session that a logout names must be settled also for a
 * user with thousands of others: beside a cut roster each named session gets a small, complete one of its own.
 */
final class Roster {
    /** The schema's limit of sessions in one roster. */
    static final int MAX_ROWS = 1000;
    private static final int MAX_NAMED = 60;

    private Roster() {
    }

    /**
     * One client of one offline session.
     *
     * @param start start of the <em>client</em> session, seconds; Keycloak refuses a token with {@code iat + 1 < start}
     */
    record Row(String session, String client, String clientId, long start) {
        private ObjectNode json() {
            ObjectNode row = Json.MAPPER.createObjectNode().put("session", session).put("client", client);
            if (clientId != null) {
                row.put("client_id", clientId);
            }
            return row.put("start", start);
        }
    }

    /**
     * @param rows   all offline sessions of the user, or more than MAX_ROWS of them
     * @param named  sessions that the causes name as ended
     * @param ask    the rows of one session: it may be one of those that {@code rows} had no room for
     * @param budget bytes
     */
    static ArrayNode ofUser(String user, List<Row> rows, Collection<String> named, Function<String, List<Row>> ask,
                            int budget) {
        ArrayNode out = Json.MAPPER.createArrayNode();
        ObjectNode whole = out.addObject().put("user", user);
        if (fill(whole, rows, budget)) {
            return out;
        }
        int left = budget;
        for (String session : few(named)) {
            ObjectNode small = Json.MAPPER.createObjectNode().put("session", session);
            fill(small, ask.apply(session), left);
            out.add(small);
            left -= Json.bytes(small).length + 1;
        }
        fill(whole, rows, left);
        return out;
    }

    /** The roster of one session, whoever owns it. */
    static ObjectNode ofSession(String session, List<Row> rows, int budget) {
        ObjectNode out = Json.MAPPER.createObjectNode().put("session", session);
        fill(out, rows, budget);
        return out;
    }

    /** As many rows as fit; true if that is all of them. */
    private static boolean fill(ObjectNode roster, List<Row> rows, int budget) {
        ArrayNode sessions = Json.MAPPER.createArrayNode();
        int left = budget - 400; // The roster's own members, with an id of 255 characters.
        boolean complete = rows.size() <= MAX_ROWS;
        for (Row row : rows.subList(0, Math.min(rows.size(), MAX_ROWS))) {
            ObjectNode json = row.json();
            left -= Json.bytes(json).length + 1;
            if (left < 0) {
                complete = false;
                break;
            }
            sessions.add(json);
        }
        roster.put("complete", complete).set("sessions", sessions);
        return complete;
    }

    private static Set<String> few(Collection<String> named) {
        List<String> distinct = new ArrayList<>(new LinkedHashSet<>(named));
        return new LinkedHashSet<>(distinct.subList(0, Math.min(distinct.size(), MAX_NAMED)));
    }
}
