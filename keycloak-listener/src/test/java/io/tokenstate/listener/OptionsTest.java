package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OptionsTest {
    @TempDir
    Path dir;

    private static Options options(Map<String, String> given) {
        return new Options(given::get);
    }

    @Test
    void defaults() {
        Options o = options(Map.of("nats-url", "nats://n:4222"));
        assertEquals(List.of(), o.faults());
        assertTrue(o.global);
        assertEquals(10_000, o.queueSize);
        assertEquals(500, o.birthDelay);
        assertEquals(15_000, o.heartbeat);
        assertEquals(10_000, o.refreshErrorWindow);
        assertTrue(o.node.matches("[A-Za-z0-9_-]{1,64}"), o.node);
        assertNull(o.natsPassword);
    }

    @Test
    void tellsAllFaultsAtOnceAndNoSecret() {
        Options o = options(Map.of("nats-password", "hush", "nats-creds", "/none", "global", "yes", "queue-size", "-1",
                "heartbeat-ms", "soon", "realms", "My Realm"));
        String all = String.join("\n", o.faults());
        assertEquals(7, o.faults().size(), all);
        assertFalse(all.contains("hush"));
    }

    @Test
    void readsThePasswordFromItsFile() throws IOException {
        Path file = Files.writeString(dir.resolve("pw"), "hush\n");
        Options o = options(Map.of("nats-url", "x", "nats-user", "u", "nats-password-file", file.toString()));
        assertEquals(List.of(), o.faults());
        assertArrayEquals("hush".toCharArray(), o.natsPassword);
    }

    @Test
    void findsMisspeltNames() {
        String p = "kc.spi-events-listener--tokenstate--";
        assertEquals(Set.of("realm"), Options.unknown(List.of(p + "realm", p + "realms", p + "enabled", "kc.db")));
        String old = "kc.spi-events-listener-tokenstate-";
        assertEquals(Set.of("realm"), Options.unknown(List.of(old + "realm", old + "nats-url", "kc.db")));
    }

    @Test
    void hashesNodeNamesThatDoNotFit() {
        assertEquals("kc_1-a", NodeName.of(" kc_1-a "));
        assertTrue(NodeName.of("kc.one").matches("n-[0-9a-f]{16}"));
        assertTrue(NodeName.of("x".repeat(65)).matches("n-[0-9a-f]{16}"));
        assertEquals(NodeName.of("kc.one"), NodeName.of("kc.one"));
    }
}
