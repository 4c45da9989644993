package io.tokenstate.listener;

import jakarta.persistence.EntityManager;
import jakarta.persistence.EntityManagerFactory;
import jakarta.persistence.PersistenceUnitUtil;
import jakarta.persistence.TypedQuery;
import jakarta.persistence.metamodel.Metamodel;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import org.keycloak.connections.jpa.JpaConnectionProvider;
import org.keycloak.models.ClientProvider;
import org.keycloak.models.KeycloakContext;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.models.KeycloakTransactionManager;
import org.keycloak.models.RealmModel;
import org.keycloak.models.RealmProvider;

/**
 * A Keycloak for tests: it answers queries by a word that they hold, records what it was asked, and fails whatever else
 * is called, so that a look which asks a cache, a user store or anybody beside the database is noticed.
 */
final class Keycloak {
    final List<String> queries = new ArrayList<>();
    final List<String> transaction = new ArrayList<>();
    private final Map<String, List<?>> answers = new LinkedHashMap<>();
    private final Map<Class<?>, Object> providers = new LinkedHashMap<>();
    private String failing;
    Runnable onBegin = () -> { };

    Keycloak() {
        RealmModel realm = with(RealmModel.class, (name, args) -> switch (name) {
            case "getId" -> "r1";
            case "isEnabled", "isOrganizationsEnabled" -> true;
            case "getNotBefore" -> 7;
            case "getName" -> "Demo Realm";
            case "getAttribute" -> args[0].equals("frontendUrl") ? "https://login.example" : null;
            case "isRevokeRefreshToken" -> true;
            case "getRefreshTokenMaxReuse" -> 0;
            case "isOfflineSessionMaxLifespanEnabled" -> false;
            default -> {
                if (name.contains("Timeout") || name.contains("Lifespan")) {
                    yield 1_000_000; // Seconds: no session of a test is old.
                }
                throw new AssertionError("the realm was asked for " + name);
            }
        });
        providers.put(JpaConnectionProvider.class, with(JpaConnectionProvider.class, (name, args) -> entityManager()));
        providers.put(RealmProvider.class, with(RealmProvider.class, (name, args) -> {
            if (!name.equals("getRealm")) {
                throw new AssertionError("the realm was read by " + name + ", which asks the cache");
            }
            return realm;
        }));
        providers.put(ClientProvider.class, with(ClientProvider.class, (name, args) -> null));
    }

    /** The rows for every query that holds the word; all others find nothing. */
    Keycloak rows(String word, Object... rows) {
        answers.put(word, List.of(rows));
        return this;
    }

    <T> Keycloak provider(Class<T> type, T provider) {
        providers.put(type, provider);
        return this;
    }

    KeycloakSessionFactory factory() {
        return with(KeycloakSessionFactory.class, (name, args) -> {
            if (!name.equals("create")) {
                throw new AssertionError("the factory was asked for " + name);
            }
            onBegin.run();
            return session();
        });
    }

    KeycloakSession session() {
        KeycloakTransactionManager manager = with(KeycloakTransactionManager.class, (name, args) -> {
            transaction.add(name);
            return switch (name) {
                case "getRollbackOnly" -> transaction.contains("setRollbackOnly");
                case "isActive" -> !transaction.contains("commit") && !transaction.contains("rollback");
                default -> null;
            };
        });
        Object context = with(KeycloakContext.class, (name, args) -> null);
        return with(KeycloakSession.class, (name, args) -> switch (name) {
            case "getTransactionManager" -> manager;
            case "getContext" -> context;
            case "close", "getAttribute", "setAttribute" -> null; // Keycloak's own notes on the transaction.
            case "getProvider" -> {
                if (!providers.containsKey(args[0])) {
                    throw new AssertionError("asked " + args[0]);
                }
                yield providers.get(args[0]);
            }
            default -> throw new AssertionError("the session was asked for " + name);
        });
    }

    private EntityManager entityManager() {
        PersistenceUnitUtil util = with(PersistenceUnitUtil.class, (name, args) -> args[0]);
        EntityManagerFactory factory = with(EntityManagerFactory.class, (name, args) -> util);
        Metamodel metamodel = with(Metamodel.class, (name, args) -> Set.of());
        return with(EntityManager.class, (name, args) -> switch (name) {
            case "createQuery" -> query((String) args[0]);
            case "getEntityManagerFactory" -> factory;
            case "getMetamodel" -> metamodel;
            default -> throw new AssertionError("the entity manager was asked for " + name);
        });
    }

    /** The next query that holds the word fails, and with it all others of its transaction, as in Postgres. */
    Keycloak fails(String word) {
        failing = word;
        return this;
    }

    private TypedQuery<?> query(String text) {
        queries.add(text);
        if (failing != null && text.contains(failing)) {
            failing = null;
            throw new IllegalStateException("the database refuses");
        }
        List<?> found = answers.entrySet().stream().filter(e -> text.contains(e.getKey())).map(Map.Entry::getValue)
                .findFirst().orElse(List.of());
        TypedQuery<?>[] self = new TypedQuery<?>[1];
        self[0] = with(TypedQuery.class, (name, args) -> switch (name) {
            case "getResultList" -> found;
            case "setParameter", "setMaxResults", "setFlushMode", "setHint" -> self[0];
            default -> throw new AssertionError("the query was asked for " + name);
        });
        return self[0];
    }

    /** An interface of Keycloak's whose every call is answered here. */
    static <T> T with(Class<T> type, BiFunction<String, Object[], Object> answer) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
                (self, method, args) -> answer.apply(method.getName(), args)));
    }
}
