package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nats.client.NKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import org.junit.jupiter.api.Test;

/** nats-creds signs by Bouncy Castle, which we leave out: Keycloak's own (bcprov-jdk18on) has to do. */
class CredentialsTest {
    @Test
    void signsWithKeycloaksBouncyCastle() throws GeneralSecurityException, IOException {
        NKey key = NKey.createUser(null);
        byte[] nonce = "nonce".getBytes(StandardCharsets.UTF_8);
        assertTrue(NKey.fromPublicKey(key.getPublicKey()).verify(nonce, key.sign(nonce)));
    }
}
