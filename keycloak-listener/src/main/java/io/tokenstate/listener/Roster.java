package io.tokenstate.listener;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tokenstate.listener.rows.OfflineSession;
import io.tokenstate.listener.rows.SessionRows;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Rosters of offline sessions, each small enough for one message. Pure.
 *
 * <p>A roster that was cut short proves no absence. So what does not fit into one is told by several complete ones: of
 * each client, and where even those are too large, of each session.
 */
final class Roster {
    /** The schema's limit of sessions in one roster. */
    private static final int MAX_ROWS = 1000;

    private Roster() {
    }

    /**
     * All of a user's sessions.
     *
     * @param named sessions that are told in any case: the listing may be cut short, and only a roster tells of one
     *              that is gone
     * @param ask   the rows of sessions which a listing that was cut short does not show
     * @param room  bytes
     */
    static List<ObjectNode> ofUser(String user, SessionRows.Listing all, Set<String> named,
                                   Function<Set<String>, List<OfflineSession>> ask, int room) {
        if (all.complete()) {
            ObjectNode whole = write(user, null, null, all.sessions());
            if (fits(whole, room)) {
                return List.of(whole);
            }
        }
        Map<String, List<OfflineSession>> bySession = all.sessions().stream()
                .collect(Collectors.groupingBy(OfflineSession::session, LinkedHashMap::new, Collectors.toList()));
        List<ObjectNode> out = new ArrayList<>();
        if (all.complete()) {
            named.forEach(sid -> out.add(ofSession(user, sid, bySession.getOrDefault(sid, List.of()), room)));
        } else if (!named.isEmpty()) {
            out.addAll(ofSessions(user, named, ask.apply(named), room));
        }
        Set<String> single = addClients(user, all, room, out);
        single.removeAll(named);
        single.forEach(sid -> out.add(ofSession(user, sid, bySession.get(sid), room)));
        return out;
    }

    /** Adds a roster for each client that has few enough sessions; the sessions of the others are left. */
    private static Set<String> addClients(String user, SessionRows.Listing all, int room, List<ObjectNode> out) {
        Set<String> left = new LinkedHashSet<>();
        all.sessions().stream().collect(Collectors.groupingBy(OfflineSession::client, LinkedHashMap::new,
                Collectors.toList())).forEach((client, rows) -> {
                    ObjectNode roster = write(user, client, null, rows);
                    if (all.complete() && fits(roster, room)) {
                        out.add(roster);
                    } else {
                        rows.forEach(row -> left.add(row.session()));
                    }
                });
        return left;
    }

    /** One roster for each of the sessions, whoever owns them. */
    static List<ObjectNode> ofSessions(String user, Set<String> sids, List<OfflineSession> rows, int room) {
        Map<String, List<OfflineSession>> bySession =
                rows.stream().collect(Collectors.groupingBy(OfflineSession::session));
        return sids.stream().map(sid -> ofSession(user, sid, bySession.getOrDefault(sid, List.of()), room)).toList();
    }

    private static ObjectNode ofSession(String user, String sid, List<OfflineSession> rows, int room) {
        ObjectNode roster = write(user, null, sid, rows);
        int some = rows.size();
        while (!fits(roster, room)) { // Hundreds of clients in one session: then it proves no absence.
            some /= 2;
            roster = write(user, null, sid, rows.subList(0, some)).put("complete", false);
        }
        return roster;
    }

    private static boolean fits(ObjectNode roster, int room) {
        return roster.path("sessions").size() <= MAX_ROWS && Json.bytes(roster).length <= room;
    }

    private static ObjectNode write(String user, String client, String sid, List<OfflineSession> rows) {
        ObjectNode roster = Json.MAPPER.createObjectNode();
        Json.put(roster, "user", user);
        Json.put(roster, "client", client);
        Json.put(roster, "session", sid);
        ArrayNode sessions = roster.put("complete", true).putArray("sessions");
        for (OfflineSession s : rows) {
            ObjectNode row = sessions.addObject().put("session", s.session()).put("client", s.client());
            Json.put(row, "client_id", Text.id(s.clientId()));
            if (user == null) { // A token's sub need not be its user's id: its session tells whose it is.
                Json.put(row, "user", Text.id(s.user()));
            }
            times(row, s);
        }
        return roster;
    }

    /** The members of a row that are seconds. */
    static void times(ObjectNode row, OfflineSession s) {
        row.put("start", s.start());
        if (s.lifetime().ends() > 0) {
            row.put("ends", s.lifetime().ends()).put("life", s.lifetime().life());
        }
    }
}
