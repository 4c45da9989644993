package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.keycloak.models.KeycloakSessionFactory;

class StoresTest {
    @Test
    void onlyIdsThatNameAStoreAreItsOwn() {
        assertTrue(Stores.own("f:ldap-1:ann"));
        assertFalse(Stores.own("0f0f0f0f-0000-4000-8000-000000000001"));
        assertFalse(Stores.own(null));
    }

    /** A store that hangs holds two threads and a bounded queue, and nobody waits for it beyond the limit. */
    @Test
    void aStoreThatHangsIsNotWaitedFor() throws InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        Stores stores = new Stores(hanging(never, asked), 50);
        List<CompletableFuture<StoreAnswer>> answers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            answers.add(stores.ask("demo", "f:ldap-1:ann"));
        }
        long refused = 0;
        for (CompletableFuture<StoreAnswer> a : answers) {
            Throwable why = assertThrows(ExecutionException.class, a::get).getCause();
            refused += why instanceof TimeoutException ? 0 : 1;
        }
        assertTrue(refused >= 100, refused + " refused");
        assertTrue(asked.get() <= 70, asked + " asked");
        never.countDown();
    }

    private static KeycloakSessionFactory hanging(CountDownLatch never, AtomicInteger asked) {
        return Keycloak.with(KeycloakSessionFactory.class, (name, args) -> {
            asked.incrementAndGet();
            while (true) {
                try {
                    never.await();
                    throw new IllegalStateException("let go");
                } catch (InterruptedException e) {
                    continue; // A directory's client may swallow it.
                }
            }
        });
    }

    @Test
    void aFailureIsNoAnswer() {
        Stores stores = new Stores(Keycloak.with(KeycloakSessionFactory.class, (name, args) -> {
            throw new IllegalStateException("away");
        }), 5_000);
        Throwable why = assertThrows(ExecutionException.class, () -> stores.ask("demo", "f:ldap-1:ann").get()).getCause();
        assertEquals("away", why.getMessage());
    }
}
