package io.tokenstate.listener.rows;

import jakarta.persistence.EntityManager;
import jakarta.persistence.FlushModeType;
import jakarta.persistence.TypedQuery;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import org.keycloak.connections.jpa.JpaConnectionProvider;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.models.utils.KeycloakModelUtils;

/** One transaction of reads. */
public final class Rows {
    /** Oracle takes no more values in one list; the other databases take at least as many. */
    private static final int LIST = 1000;
    /** Milliseconds for one statement: a database that is stuck must not hold the one thread that looks. */
    private static final int PATIENCE = 20_000;

    private final KeycloakSession session;
    private final EntityManager em;

    private Rows(KeycloakSession session) {
        this.session = session;
        em = session.getProvider(JpaConnectionProvider.class).getEntityManager();
    }

    /** Runs the job in a transaction of its own that is rolled back; throws what the database throws. */
    public static <T> T read(KeycloakSessionFactory keycloak, Function<Rows, T> job) {
        return KeycloakModelUtils.runJobInTransactionWithResult(keycloak, session -> {
            session.getTransactionManager().setRollbackOnly();
            return job.apply(new Rows(session));
        });
    }

    /**
     * Reads within a request's own transaction, and still changes nothing in it: what the request has changed and not
     * yet written is neither written earlier nor seen.
     */
    public static Rows within(KeycloakSession session) {
        return new Rows(session);
    }

    /** The realm of this name, or null if Keycloak has none. */
    public RealmRows realm(String name) {
        return RealmRows.named(this, name);
    }

    /** Whose offline session it is; null if there is no such row. */
    public String ownerOfOffline(String realmId, String sid) {
        List<String> owners = query("select s.userId from PersistentUserSessionEntity s where s.userSessionId = :sid"
                + " and s.offline = '1' and s.realmId = :realm", String.class)
                .setParameter("sid", sid).setParameter("realm", realmId).getResultList();
        return owners.isEmpty() ? null : owners.get(0);
    }

    KeycloakSession session() {
        return session;
    }

    <T> TypedQuery<T> query(String text, Class<T> type) {
        return em.createQuery(text, type).setFlushMode(FlushModeType.COMMIT).setHint("org.hibernate.readOnly", true)
                .setHint("jakarta.persistence.query.timeout", PATIENCE);
    }

    /** The query once for every thousand of {@code values}, which are its parameter {@code list}. */
    <T> List<T> forAll(Collection<String> values, Function<List<String>, TypedQuery<T>> query) {
        List<String> all = List.copyOf(values);
        List<T> found = new ArrayList<>();
        for (int from = 0; from < all.size(); from += LIST) {
            List<String> some = all.subList(from, Math.min(all.size(), from + LIST));
            found.addAll(query.apply(some).setParameter("list", some).getResultList());
        }
        return found;
    }

    String idOf(Object entity) {
        return (String) em.getEntityManagerFactory().getPersistenceUnitUtil().getIdentifier(entity);
    }

    /** Whether this version of Keycloak has the entity, and the attribute if one is named. */
    boolean has(String entity, String attribute) {
        return em.getMetamodel().getEntities().stream().filter(e -> e.getName().equals(entity)).anyMatch(
                e -> attribute == null || e.getAttributes().stream().anyMatch(a -> a.getName().equals(attribute)));
    }
}
