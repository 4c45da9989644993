package io.tokenstate.listener;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;

/** Reads certificates and private keys from PEM files. What it throws says what is wrong, and nothing of a key. */
final class Pem {
    private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String END = "-----END PRIVATE KEY-----";
    /** PKCS#8 says which of these it is, but Java wants it told. */
    private static final List<String> ALGORITHMS = List.of("EC", "RSA", "EdDSA");

    private Pem() {
    }

    /** All certificates of the file; never none. */
    static List<Certificate> certificates(Path file) throws IOException {
        byte[] raw = Files.readAllBytes(file);
        List<Certificate> out;
        try {
            out = List.copyOf(CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(raw)));
        } catch (GeneralSecurityException e) {
            throw new IOException("holds no usable certificate", e);
        }
        if (out.isEmpty()) {
            throw new IOException("holds no certificate");
        }
        return out;
    }

    /** The key of the file, which must be PKCS#8 and not encrypted. */
    static PrivateKey key(Path file) throws IOException {
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IOException("holds no unencrypted PKCS#8 key; make one of it with: openssl pkcs8 -topk8 -nocrypt");
        }
        byte[] der;
        try {
            der = Base64.getMimeDecoder().decode(text.substring(begin + BEGIN.length(), end));
        } catch (IllegalArgumentException e) {
            throw new IOException("is no PEM", e);
        }
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
            } catch (GeneralSecurityException e) {
                // It may be a key of the next algorithm.
            }
        }
        throw new IOException("holds a key that is none of " + ALGORITHMS);
    }
}
