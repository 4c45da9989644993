package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.Nats;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server certified by an authority that we trust, for another name, must not get the password. */
@Timeout(120)
class NatsTlsTest {
    @TempDir
    static Path dir;
    static Certificates.Pair localhost;
    static Certificates.Pair other;
    static Certificates.Pair client;

    @BeforeAll
    static void certificates() throws Exception {
        localhost = Certificates.of(dir, "localhost", "dns:localhost", "EC");
        other = Certificates.of(dir, "other", "dns:other.example", "EC");
        client = Certificates.of(dir, "keycloak", "dns:keycloak", "RSA");
    }

    private static NatsOptions options(FakeNats nats, String host, Path ca, String... more) {
        Map<String, String> given = new HashMap<>(Map.of("nats-url", "tls://" + host + ":" + nats.port(), "node", "kc-1",
                "nats-user", "listener", "nats-password", "hush"));
        if (ca != null) {
            given.put("nats-ca", ca.toString());
        }
        for (int i = 0; i < more.length; i += 2) {
            given.put(more[i], more[i + 1]);
        }
        Options o = new Options(given::get);
        assertEquals(List.of(), o.faults());
        return new NatsOptions(o);
    }

    private static Connection connect(NatsOptions o) throws IOException, InterruptedException {
        return Nats.connect(o.build((c, e) -> { }, new ErrorListener() { }));
    }

    @Test
    void theRightNameGetsThePassword() throws Exception {
        try (FakeNats nats = new FakeNats(Certificates.server(localhost, null));
                Connection c = connect(options(nats, "localhost", localhost.cert()))) {
            assertTrue(FakeNats.await(nats.connects).contains("hush"));
            assertEquals(Connection.Status.CONNECTED, c.getStatus());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1"})
    void theRightAuthorityWithTheWrongNameGetsNothing(String host) throws Exception {
        try (FakeNats nats = new FakeNats(Certificates.server(other, null))) {
            NatsOptions o = options(nats, host, other.cert());
            assertThrows(IOException.class, () -> connect(o));
            FakeNats.await(nats.refused);
            assertNull(nats.connects.poll());
        }
    }

    @Test
    void anAuthorityThatIsNotOursGetsNothing() throws Exception {
        try (FakeNats nats = new FakeNats(Certificates.server(localhost, null))) {
            NatsOptions o = options(nats, "localhost", other.cert());
            assertThrows(IOException.class, () -> connect(o));
            assertNull(nats.connects.poll());
        }
    }

    /** The JVM's authorities are no better: they certify everybody. */
    @Test
    void theNameCountsWithDefaultAuthoritiesToo() throws Exception {
        SSLContext trusting = NamedTls.of(Certificates.server(other, null));
        try (FakeNats nats = new FakeNats(Certificates.server(other, null));
                Socket raw = new Socket(InetAddress.getLoopbackAddress(), nats.port())) {
            assertEquals('I', raw.getInputStream().read());
            while (raw.getInputStream().read() != '\n') {
                // INFO comes before TLS.
            }
            SSLSocket socket = (SSLSocket) trusting.getSocketFactory()
                    .createSocket(raw, "localhost", nats.port(), true);
            assertThrows(SSLHandshakeException.class, socket::startHandshake);
            NatsOptions byDefault = options(nats, "localhost", null);
            assertTrue(byDefault.build(null, null).getSslContext() instanceof NamedTls);
        }
    }

    @Test
    void showsItsOwnCertificate() throws Exception {
        try (FakeNats nats = new FakeNats(Certificates.server(localhost, client))) {
            nats.clientCertificate = true;
            try (Connection c = connect(options(nats, "localhost", localhost.cert(), "nats-cert",
                    client.cert().toString(), "nats-key", client.key().toString()))) {
                assertEquals("CN=keycloak", FakeNats.await(nats.clients));
                assertEquals(Connection.Status.CONNECTED, c.getStatus());
            }
        }
    }

    /** Whoever takes the server's place later is asked for its name again, and so is a server that NATS announces. */
    @Test
    void theNameCountsAtReconnectsAndForAnnouncedServers() throws Exception {
        try (FakeNats announced = new FakeNats(Certificates.server(localhost, null));
                FakeNats nats = new FakeNats(Certificates.server(localhost, null))) {
            nats.announce = ",\"connect_urls\":[\"127.0.0.1:" + announced.port() + "\"]";
            Path both = Files.writeString(dir.resolve("both.crt"),
                    Files.readString(localhost.cert()) + Files.readString(other.cert()));
            try (Connection c = connect(options(nats, "localhost", both))) {
                FakeNats.await(nats.connects);
                // From now on the right authority's, under a wrong name.
                nats.tls = Certificates.server(other, null);
                nats.cut();
                FakeNats.await(nats.refused);
                FakeNats.await(announced.refused);
                assertNull(nats.connects.poll());
                assertNull(announced.connects.poll());
            }
        }
    }
}
