package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tokenstate.listener.rows.Lifetime;
import io.tokenstate.listener.rows.OfflineSession;
import io.tokenstate.listener.rows.SessionRows.Listing;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RosterTest {
    private static final int ROOM = 59_000;
    private static final Lifetime ENDS = new Lifetime(1_798_079_349, 2_592_000);
    private static final Function<Set<String>, List<OfflineSession>> NOT_ASKED = s -> {
        throw new AssertionError("the listing knows them all");
    };

    private static List<OfflineSession> rows(int from, int to, String client) {
        return IntStream.range(from, to)
                .mapToObj(i -> new OfflineSession("session-%028d".formatted(i), "u1", client, "app", 1_795_487_349, ENDS)).toList();
    }

    private static List<ObjectNode> of(List<OfflineSession> rows, boolean complete, Set<String> named,
                                       Function<Set<String>, List<OfflineSession>> ask) {
        List<ObjectNode> rosters = Roster.ofUser("u1", new Listing(rows, complete), named, ask, ROOM);
        rosters.forEach(r -> assertTrue(Json.bytes(r).length <= ROOM));
        return rosters;
    }

    @Test
    void whatFitsIsOneRoster() {
        List<ObjectNode> r = of(rows(0, 300, "c"), true, Set.of("session-9"), NOT_ASKED);
        assertEquals(1, r.size());
        assertTrue(r.get(0).path("complete").asBoolean());
        assertEquals(300, r.get(0).path("sessions").size());
    }

    @Test
    void whatDoesNotFitIsToldByClient() {
        List<OfflineSession> rows = new ArrayList<>(rows(0, 300, "c1"));
        rows.addAll(rows(0, 300, "c2"));
        List<ObjectNode> r = of(rows, true, Set.of("gone"), NOT_ASKED);
        assertEquals(List.of("gone", "", ""), r.stream().map(n -> n.path("session").asText()).toList());
        assertEquals(0, r.get(0).path("sessions").size());
        assertEquals(List.of("", "c1", "c2"), r.stream().map(n -> n.path("client").asText()).toList());
        assertTrue(r.stream().allMatch(n -> n.path("complete").asBoolean()));
    }

    /** What a token's verdict needs is there, however many sessions its user has with one client. */
    @Test
    void aClientOfThousandsIsToldBySession() {
        List<ObjectNode> r = of(rows(0, 5000, "c1"), true, Set.of("gone"), NOT_ASKED);
        Set<String> told = new HashSet<>();
        r.forEach(n -> assertTrue(n.path("complete").asBoolean() && told.add(n.path("session").asText()), n.toString()));
        assertEquals(5001, told.size());
    }

    @Test
    void aListingThatWasCutProvesNoAbsenceOfOthers() {
        List<ObjectNode> r = of(rows(0, 500, "c1"), false, new LinkedHashSet<>(List.of("gone", "beyond")),
                sids -> List.of(new OfflineSession("beyond", "u1", "c", "app", 1, ENDS)));
        assertEquals(502, r.size());
        assertTrue(r.stream().allMatch(n -> n.has("session") && n.path("complete").asBoolean()));
        assertEquals(0, r.get(0).path("sessions").size());
        assertEquals(1, r.get(1).path("sessions").size());
    }

    @Test
    void aSessionOfHundredsOfClientsProvesNoAbsence() {
        List<OfflineSession> one = IntStream.range(0, 900)
                .mapToObj(i -> new OfflineSession("s1", "u1", "client-%029d".formatted(i), "app", 1, ENDS)).toList();
        JsonNode r = Roster.ofSessions("u1", Set.of("s1"), one, ROOM).get(0);
        assertFalse(r.path("complete").asBoolean());
        assertTrue(r.path("sessions").size() > 100);
    }
}
