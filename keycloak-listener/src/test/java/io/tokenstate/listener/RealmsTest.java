package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RealmsTest {
    private final List<String> faults = new ArrayList<>();

    @Test
    void emptyMeansAllThatHaveAnAliasButMaster() {
        Realms r = Realms.parse(null, faults);
        assertEquals("demo", r.alias("demo"));
        assertNull(r.alias("master"));
        assertNull(r.alias("Demo"));
        assertNull(r.alias("a.b"));
        assertNull(r.alias("_"));
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
        Realms.parse("a=x,b=x,c=Y,d d,a=z", faults);
        assertEquals(4, faults.size(), faults.toString());
    }
}
