package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RealmsTest {
    private final List<String> faults = new ArrayList<>();

    @Test
    void emptyMeansEveryRealmButMaster() {
        Realms r = Realms.parse(null, faults);
        for (String name : List.of("demo", "Demo", "a.b", "North Star", "Größe", "100%")) {
            assertEquals(name, r.alias(name));
        }
        assertNull(r.alias("master"));
        assertNull(r.alias("_"));
        assertNull(r.alias("a\nb"));
        assertNull(r.alias("ä".repeat(128)));
        assertNull(r.alias(null));
    }

    @Test
    void namesAndAliases() {
        Realms r = Realms.parse("My Realm=mine, demo,a=b=c, master", faults);
        assertEquals(List.of(), faults);
        assertEquals("mine", r.alias("My Realm"));
        assertEquals("demo", r.alias("demo"));
        assertEquals("c", r.alias("a=b"));
        assertEquals("master", r.alias("master"));
        assertNull(r.alias("other"));
        assertEquals("My Realm", r.name("mine"));
        assertEquals("demo", r.name("demo"));
    }

    @Test
    void refusesWhatWouldMixRealms() {
        Realms.parse("a=x,b=x,c=Y,_,a=z", faults);
        assertEquals(4, faults.size(), faults.toString());
    }

    @Test
    void tokensAreThoseOfGo() throws IOException {
        JsonNode vectors = Json.MAPPER.readTree(Path.of("../internal/events/testdata/realm_tokens.json").toFile());
        assertTrue(vectors.size() >= 10);
        vectors.fields().forEachRemaining(v -> assertEquals(v.getValue().asText(), Realms.token(v.getKey())));
    }
}
