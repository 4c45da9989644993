package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
                "heartbeat-ms", "soon", "realms", "My Realm=My Alias"));
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

    /** NATS with an empty $LISTENER_PASSWORD lets in everybody who says nothing, and we would not notice. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "nats-user=u,nats-password=|nats-password is empty", "nats-user=u,nats-password= |nats-password is empty",
        "nats-user=u,nats-password-file=EMPTY|nats-password is empty", "nats-user=,nats-password=p|nats-user is empty",
        "nats-creds=EMPTY|nats-creds is empty", "nats-url=nats://u:@n:4222|empty user or password",
        "nats-url=nats://a:b@m:4222;nats://:p@n:4222|empty user or password",
        "nats-url=nats://@n:4222|empty user or password", "nats-url=opentls://n:4222|trusts every server",
        "nats-ca=EMPTY|nats-ca holds no usable certificate", "nats-ca=/none|nats-ca cannot be read",
        "nats-cert=EMPTY|nats-cert and nats-key belong together", "nats-key=EMPTY|nats-key holds no unencrypted PKCS#8 key"})
    void refusesWhatLooksLikeASecretAndIsNone(String given, String fault) throws IOException {
        String empty = Files.writeString(dir.resolve("empty"), "\n").toString();
        Map<String, String> map = new HashMap<>(Map.of("nats-url", "nats://n:4222"));
        for (String pair : given.replace("EMPTY", empty).split(",")) {
            String[] kv = pair.split("=", 2);
            map.put(kv[0], kv[1].replace(';', ','));
        }
        String all = String.join("\n", options(map).faults());
        assertTrue(all.contains(fault), all);
    }

    @Test
    void aUserAndPasswordInTheAddressAreFine() {
        assertEquals(List.of(), options(Map.of("nats-url", "nats://u:p@m:4222,tls://n")).faults());
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
