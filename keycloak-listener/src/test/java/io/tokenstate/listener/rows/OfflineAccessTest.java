package io.tokenstate.listener.rows;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class OfflineAccessTest {
    @Test
    void rolesThatContainEachOtherAreEachAskedOnce() {
        Map<String, Set<String>> parents = Map.of("offline", Set.of("a", "b"), "a", Set.of("b", "c"), "b", Set.of("a"),
                "c", Set.of("offline"));
        List<String> asked = new ArrayList<>();
        assertEquals(Set.of("offline", "a", "b", "c"), OfflineAccess.closure(List.of("offline"), some -> {
            asked.addAll(some);
            return some.stream().flatMap(r -> parents.get(r).stream()).collect(Collectors.toSet());
        }));
        assertEquals(4, asked.size(), asked.toString());
        assertEquals(Set.of(), OfflineAccess.closure(List.of(), some -> List.of("x")), "no such role");
    }
}
