package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class RosterTest {
    private static final Function<String, List<Roster.Row>> NOT_ASKED = s -> {
        throw new AssertionError("the whole fits, or nothing is named");
    };

    @Test
    void wholeRoster() {
        ArrayNode r = Roster.ofUser("u1", Samples.rows(3), List.of("session-9"), NOT_ASKED, 60_000);
        assertEquals(1, r.size());
        assertTrue(r.path(0).path("complete").asBoolean());
        assertEquals(3, r.path(0).path("sessions").size());
    }

    @Test
    void cutRosterProvesNoAbsenceButTheNamedSessionsDo() {
        List<Roster.Row> rows = Samples.rows(900);
        // A thousand are given of more: one that lives is named and not among them.
        ArrayNode r = Roster.ofUser("u1", rows, List.of("gone", "beyond", "gone"),
                s -> s.equals("beyond") ? List.of(new Roster.Row(s, "c", "app", 1)) : List.of(), 60_000);
        assertFalse(r.path(0).path("complete").asBoolean());
        assertTrue(r.path(0).path("sessions").size() > 300);
        assertEquals(3, r.size());
        assertTrue(r.path(1).path("complete").asBoolean());
        assertEquals(0, r.path(1).path("sessions").size());
        assertTrue(r.path(2).path("complete").asBoolean());
        assertEquals(1, r.path(2).path("sessions").size());
        assertTrue(Json.bytes(r).length <= 60_000);
    }

    @Test
    void moreThanTheSchemaAllowsIsNotComplete() {
        JsonNode r = Roster.ofUser("u1", Samples.rows(1001), List.of(), NOT_ASKED, 1_000_000).path(0);
        assertFalse(r.path("complete").asBoolean());
        assertEquals(1000, r.path("sessions").size());
    }

    @Test
    void theLargestObservationFits() {
        List<Cause> causes = new ArrayList<>();
        List<String> named = new ArrayList<>();
        for (int i = 0; i < LookQueue.MAX_CAUSES; i++) {
            named.add("s".repeat(36) + i);
            causes.add(Samples.cause(Samples.ID.substring(0, 30) + (100_000 + i), named.get(i), 0));
        }
        ObjectNode seen = Json.MAPPER.createObjectNode();
        int left = 60_000 - Json.bytes(Envelope.causes(causes)).length;
        seen.set("rosters", Roster.ofUser("u1", Samples.rows(1001), named, s -> List.of(), left));
        Schema.valid(Samples.ENVELOPE.observation(new Subject("Demo Realm", "demo", Subject.Kind.USER, "u1"), causes,
                Samples.AT, seen));
    }
}
