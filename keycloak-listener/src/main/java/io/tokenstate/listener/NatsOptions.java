package io.tokenstate.listener;

import io.nats.client.ConnectionListener;
import io.nats.client.ErrorListener;
import io.nats.client.Nats;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** How to connect: the listener's options in the words of the NATS client. Files are read anew at each connect. */
final class NatsOptions {
    private final Options options;

    NatsOptions(Options options) {
        this.options = options;
    }

    String node() {
        return options.node;
    }

    io.nats.client.Options build(ConnectionListener events, ErrorListener errors) throws IOException {
        io.nats.client.Options.Builder b = new io.nats.client.Options.Builder()
                .server(options.natsUrl)
                .connectionName("tokenstate listener " + options.node)
                .inboxPrefix("_INBOX_kc")
                .connectionTimeout(Duration.ofSeconds(5))
                .maxReconnects(-1)
                .reconnectWait(Duration.ofMillis(500))
                .reconnectJitter(Duration.ofMillis(500))
                // What the client would buffer might be sent later than we believe; our outbox keeps the order.
                .reconnectBufferSize(0)
                // A peer that died without a word is noticed after 20 s, not after the default four minutes.
                .pingInterval(Duration.ofSeconds(10))
                .maxPingsOut(2)
                .executor(Executors.newCachedThreadPool(daemon()))
                .connectThreadFactory(daemon())
                .callbackThreadFactory(daemon())
                .connectionListener(events)
                .errorListener(errors);
        if (options.natsUser != null) {
            b.userInfo(options.natsUser.toCharArray(), options.natsPassword);
        }
        if (options.natsCreds != null) {
            b.authHandler(Nats.credentials(options.natsCreds));
        }
        if (options.natsCa != null) {
            b.sslContext(trusting(Path.of(options.natsCa)));
        }
        return b.build();
    }

    /** Trusts the authorities of one PEM file and nobody else. */
    private static SSLContext trusting(Path pem) throws IOException {
        try (InputStream in = Files.newInputStream(pem)) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int n = 0;
            for (Certificate c : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("ca-" + n++, c);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException("nats-ca holds no usable certificates", e);
        }
    }

    /** Daemons, so that nothing of ours keeps Keycloak from stopping. */
    private static ThreadFactory daemon() {
        return r -> {
            Thread t = new Thread(r, "tokenstate-nats");
            t.setDaemon(true);
            return t;
        };
    }
}
