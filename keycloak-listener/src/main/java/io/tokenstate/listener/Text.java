package io.tokenstate.listener;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Bounds on strings that come from outside. Everything published passes through here, so that no user, client or
 * identity provider can make a message that the log refuses or that a reader cannot decode.
 */
final class Text {
    /** Longest id and longest detail of the envelope's schema, in UTF-16 units (never more code points than that). */
    static final int MAX = 255;
    static final int MAX_PATH = 1024;

    private Text() {
    }

    /** Free text: cut to the limit, control characters and half surrogates replaced. Null stays null. */
    static String cut(String s, int max) {
        if (s == null) {
            return null;
        }
        StringBuilder out = new StringBuilder(Math.min(s.length(), max));
        for (int i = 0; i < s.length(); ) {
            int c = s.codePointAt(i);
            i += Character.charCount(c);
            int safe = unsafe(c) ? 0xFFFD : c;
            if (out.length() + Character.charCount(safe) > max) {
                break;
            }
            out.appendCodePoint(safe);
        }
        return out.toString();
    }

    /**
     * An id, or null where it is missing, empty, too long or unprintable. An id is dropped and never cut: a cut id
     * would name something else.
     */
    static String id(String s) {
        if (s == null || s.isEmpty() || s.length() > MAX || s.codePoints().anyMatch(Text::unsafe)) {
            return null;
        }
        return s;
    }

    /** Controls (NUL above all: Postgres stores none) and halves of surrogate pairs, which have no UTF-8. */
    private static boolean unsafe(int c) {
        return c < 0x20 || c == 0x7F || (c >= 0xD800 && c <= 0xDFFF);
    }

    static String sha256(String s) {
        try {
            byte[] sum = MessageDigest.getInstance("SHA-256").digest(s.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sum);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
