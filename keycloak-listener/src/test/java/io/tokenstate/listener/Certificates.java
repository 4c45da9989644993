package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Certificates that sign themselves, made with the JDK's keytool: each is its own authority. */
final class Certificates {
    private static final char[] PASSWORD = "changeit".toCharArray();
    private static final Base64.Encoder MIME = Base64.getMimeEncoder(64, new byte[] {'\n'});

    private Certificates() {
    }

    /**
     * One certificate with its key.
     *
     * @param cert PEM file
     * @param key  PEM file, PKCS#8
     */
    record Pair(KeyStore store, Path cert, Path key) {
    }

    /** @param names as keytool has them, {@code dns:localhost,ip:127.0.0.1} */
    static Pair of(Path dir, String name, String names, String algorithm)
            throws IOException, InterruptedException, GeneralSecurityException {
        Path file = dir.resolve(name + ".p12");
        Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair", "-keyalg", algorithm, "-alias", "one", "-dname", "CN=" + name, "-ext", "san=" + names,
                "-validity", "2", "-storetype", "PKCS12", "-storepass", new String(PASSWORD), "-keystore",
                file.toString()).redirectErrorStream(true).start();
        String said = new String(keytool.getInputStream().readAllBytes());
        assertEquals(0, keytool.waitFor(), said);
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD);
        }
        return new Pair(store, pem(dir.resolve(name + ".crt"), "CERTIFICATE", store.getCertificate("one").getEncoded()),
                pem(dir.resolve(name + ".key"), "PRIVATE KEY", store.getKey("one", PASSWORD).getEncoded()));
    }

    private static Path pem(Path file, String what, byte[] der) throws IOException {
        return Files.writeString(file, "-----BEGIN " + what + "-----\n" + MIME.encodeToString(der) + "\n-----END " + what
                + "-----\n");
    }

    /** A server's context: it shows the one and trusts the other, if there is another. */
    static SSLContext server(Pair shown, Pair trusted) throws GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(shown.store(), PASSWORD);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted == null ? shown.store() : trusted.store());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
