package io.tokenstate.listener;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakTransaction;
import org.keycloak.models.KeycloakTransactionManager;

/** A Keycloak session with attributes and a transaction, which runs what was enlisted as Keycloak 26.7 does. */
final class FakeSession {
    final List<String> asked = new ArrayList<>();
    final KeycloakSession session;
    private final List<KeycloakTransaction> after = new ArrayList<>();
    private final Map<String, Object> attributes = new HashMap<>();
    private boolean active = true;
    private boolean completed;

    FakeSession() {
        KeycloakTransactionManager manager = answering(KeycloakTransactionManager.class, Map.of(
                "isActive", args -> active,
                "enlistAfterCompletion", args -> {
                    if (completed) {
                        throw new IllegalStateException("Transaction already completed");
                    }
                    ((KeycloakTransaction) args[0]).begin();
                    return after.add((KeycloakTransaction) args[0]);
                }));
        session = answering(KeycloakSession.class, Map.of(
                "getTransactionManager", args -> manager,
                "sessions", args -> asked.add("sessions") ? null : null,
                "getAttribute", args -> attributes.get((String) args[0]),
                "setAttribute", args -> attributes.put((String) args[0], args[1])));
    }

    /** Without a transaction. */
    FakeSession idle() {
        active = false;
        return this;
    }

    void enlist(Runnable task) {
        session.getTransactionManager().enlistAfterCompletion(new org.keycloak.models.AbstractKeycloakTransaction() {
            @Override
            protected void commitImpl() {
                task.run();
            }

            @Override
            protected void rollbackImpl() {
                // Nothing was done.
            }
        });
    }

    void commit() {
        completed = true;
        after.forEach(KeycloakTransaction::commit);
        active = false;
    }

    void rollback() {
        completed = true;
        after.forEach(KeycloakTransaction::rollback);
        active = false;
    }

    /** An interface of Keycloak's that knows these answers, and throws for every other question. */
    static <T> T answering(Class<T> type, Map<String, Function<Object[], Object>> answers) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> {
            Function<Object[], Object> answer = answers.get(method.getName());
            if (answer == null) {
                throw new AssertionError(method);
            }
            Object value = answer.apply(args);
            return method.getReturnType() == void.class ? null : value;
        }));
    }
}
