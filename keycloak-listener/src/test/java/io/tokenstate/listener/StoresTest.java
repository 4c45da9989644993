package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.keycloak.component.ComponentModel;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.models.RealmModel;
import org.keycloak.models.RealmProvider;
import org.keycloak.models.UserModel;
import org.keycloak.models.UserProvider;
import org.keycloak.provider.Provider;
import org.keycloak.storage.DatastoreProvider;
import org.keycloak.storage.StoreManagers;
import org.keycloak.storage.UserStorageProvider;
import org.keycloak.storage.UserStorageProviderFactory;
import org.keycloak.storage.user.UserQueryMethodsProvider;

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

    /** An emptied directory, or a mistyped base, finds nobody, and so does not say that this one is gone. */
    @Test
    void aStoreThatShowsNobodyIsNoAnswer() throws Exception {
        Throwable why = assertThrows(ExecutionException.class, () -> finding(null, 0).ask("demo", "f:ldap-1:ann").get());
        assertEquals("the user store shows nobody at all", why.getCause().getMessage());
        assertNull(finding(null, 1).ask("demo", "f:ldap-1:ann").get().user());
    }

    @Test
    void anotherIdIsNoAnswer() {
        Throwable why = assertThrows(ExecutionException.class,
                () -> finding("f:ldap-1:ann", 1).ask("demo", "f:ldap-1:ANN").get());
        assertEquals("the user store answers under another id", why.getCause().getMessage());
    }

    /** A store that answers with the user of this id, and shows so many others. */
    @SuppressWarnings("unchecked") // a proxy gets its arguments untyped
    private static Stores finding(String id, int others) {
        UserModel user = Keycloak.with(UserModel.class, (name, args) -> id);
        UserProvider users = Keycloak.with(UserProvider.class, (name, args) -> id == null ? null : user);
        Object managers = Proxy.newProxyInstance(StoresTest.class.getClassLoader(),
                new Class<?>[] {DatastoreProvider.class, StoreManagers.class}, (proxy, method, args) -> users);
        Object store = Proxy.newProxyInstance(StoresTest.class.getClassLoader(),
                new Class<?>[] {UserStorageProvider.class, UserQueryMethodsProvider.class},
                (proxy, method, args) -> Stream.generate(() -> user).limit(others));
        KeycloakSession rows = new Keycloak().provider(DatastoreProvider.class, (DatastoreProvider) managers).session();
        RealmModel realm = Keycloak.with(RealmModel.class,
                (name, args) -> name.equals("getComponent") ? new ComponentModel() : "demo");
        Object stores = Keycloak.with(UserStorageProviderFactory.class, (name, args) -> store);
        Object factories = Keycloak.with(KeycloakSessionFactory.class, (name, args) -> stores);
        RealmProvider realms = Keycloak.with(RealmProvider.class, (name, args) -> realm);
        KeycloakSession session = Keycloak.with(KeycloakSession.class, (name, args) -> switch (name) {
            case "realms" -> realms;
            case "getKeycloakSessionFactory" -> factories;
            case "getProvider" -> rows.getProvider((Class<? extends Provider>) args[0]);
            case "getTransactionManager" -> rows.getTransactionManager();
            case "getContext" -> rows.getContext();
            default -> null;
        });
        return new Stores(Keycloak.with(KeycloakSessionFactory.class, (name, args) -> session), 5_000);
    }
}
