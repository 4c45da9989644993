package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

class TextTest {
    @Test
    void cutsWithoutHalvingACharacter() {
        assertEquals("ab", Text.cut("abc", 2));
        assertEquals("a", Text.cut("a😀", 2));
        assertEquals("a😀", Text.cut("a😀b", 3));
        assertNull(Text.cut(null, 2));
    }

    @Test
    void replacesWhatNoDatabaseOrJsonWriterTakes() {
        assertEquals("a\uFFFDb\uFFFD", Text.cut("a\u0000b\uD83D", 10));
    }

    @Test
    void dropsUnusableIdsAndNeverCutsThem() {
        assertEquals("f:1:ä😀/x", Text.id("f:1:ä😀/x"));
        assertNull(Text.id("x".repeat(256)));
        assertNull(Text.id(""));
        assertNull(Text.id(null));
        assertNull(Text.id("a\nb"));
        assertNull(Text.id("a\uDC00"));
    }
}
