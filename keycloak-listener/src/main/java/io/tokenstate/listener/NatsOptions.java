package io.tokenstate.listener;

import io.nats.client.ConnectionListener;
import io.nats.client.ErrorListener;
import io.nats.client.Nats;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import javax.net.ssl.SSLContext;

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
                // Dialled by name, at any of its addresses: resolved first, a certificate would have to bear the address.
                .hostnameResolveMode(io.nats.client.Options.HostnameResolveMode.HappyEyeballs)
                .connectionTimeout(Duration.ofSeconds(5))
                .maxReconnects(-1)
                .reconnectWait(Duration.ofMillis(500))
                .reconnectJitter(Duration.ofMillis(500))
                // What the client would buffer might be sent later than we believe; our outbox keeps the order.
                .reconnectBufferSize(0)
                // Requests that nobody answered are forgotten after their five seconds.
                .requestCleanupInterval(Duration.ofSeconds(5))
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
        SSLContext tls = NatsTls.context(options);
        if (tls != null) {
            b.sslContext(tls);
        }
        return b.build();
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
