package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LifetimesTest {
    @Test
    void onlyAChangeOfTheSameRealmIsOne() {
        Lifetimes l = new Lifetimes();
        assertFalse(l.changed("demo", "60"), "nothing to compare with");
        assertFalse(l.changed("other", "90"));
        assertFalse(l.changed("demo", "60"));
        assertTrue(l.changed("demo", "90"));
        assertFalse(l.changed("demo", "90"), "told once");
    }
}
