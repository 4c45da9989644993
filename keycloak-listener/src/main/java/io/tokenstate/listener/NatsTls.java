package io.tokenstate.listener;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** TLS as the options want it: whom to trust, and which certificate to show. Files are read anew at each connect. */
final class NatsTls {
    private static final char[] NO_PASSWORD = new char[0];

    private NatsTls() {
    }

    /** The context to connect with, or null where neither the address nor an option asks for TLS. */
    static SSLContext context(Options o) throws IOException {
        if (!o.natsUrl.contains("tls://") && !o.natsUrl.contains("wss://") && o.natsCa == null && o.natsCert == null) {
            return null;
        }
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(shown(o), trusted(o), null);
            return NamedTls.of(context);
        } catch (GeneralSecurityException e) {
            throw new IOException("TLS cannot be set up from nats-ca, nats-cert and nats-key", e);
        }
    }

    /** The authorities of nats-ca and nobody else; null leaves it to the JVM's. */
    private static TrustManager[] trusted(Options o) throws IOException, GeneralSecurityException {
        if (o.natsCa == null) {
            return null;
        }
        KeyStore store = empty();
        int n = 0;
        for (Certificate c : Pem.certificates(Path.of(o.natsCa))) {
            store.setCertificateEntry("ca-" + n++, c);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        return trust.getTrustManagers();
    }

    private static KeyManager[] shown(Options o) throws IOException, GeneralSecurityException {
        if (o.natsCert == null) {
            return null;
        }
        KeyStore store = empty();
        List<Certificate> chain = Pem.certificates(Path.of(o.natsCert));
        store.setKeyEntry("client", Pem.key(Path.of(o.natsKey)), NO_PASSWORD, chain.toArray(new Certificate[0]));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, NO_PASSWORD);
        return keys.getKeyManagers();
    }

    private static KeyStore empty() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        return store;
    }
}
