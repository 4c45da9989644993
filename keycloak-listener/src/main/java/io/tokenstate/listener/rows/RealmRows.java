package io.tokenstate.listener.rows;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.keycloak.models.IdentityProviderModel;
import org.keycloak.models.RealmModel;
import org.keycloak.models.RealmProvider;

/** One realm within one transaction. */
public final class RealmRows {
    private final Rows rows;
    private final RealmModel model;
    private final Map<String, Boolean> identityProviders = new HashMap<>();
    private final ClientRows clients;
    private final SessionRows sessions;
    private final UserRows users;
    private OfflineAccess offlineAccess;

    private RealmRows(Rows rows, RealmModel entity) {
        this.rows = rows;
        model = (RealmModel) Proxy.newProxyInstance(RealmModel.class.getClassLoader(),
                new Class<?>[] {RealmModel.class}, (proxy, method, args) -> call(entity, method, args));
        clients = new ClientRows(rows, model, this::offlineAccess);
        sessions = new SessionRows(rows, model, clients);
        users = new UserRows(rows, model, this::offlineAccess);
    }

    private OfflineAccess offlineAccess() {
        if (offlineAccess == null) {
            offlineAccess = OfflineAccess.of(rows, model.getId());
        }
        return offlineAccess;
    }

    /**
     * The provider behind {@code getProvider(RealmProvider)} reads the database when it is asked by id, and the cache
     * when it is asked by name. With the row and its attributes in the persistence context, it finds them there. Hibernate
     * reads the attributes by a second statement. The tempting mistake is to join them: the row's hundred columns come
     * again with each of fifty attributes, and reading them was half of the processor time of a look.
     */
    static RealmRows named(Rows rows, String name) {
        List<Object> found = rows.query("select r from RealmEntity r where r.name = :name",
                Object.class).setParameter("name", name).getResultList();
        if (found.isEmpty()) {
            return null;
        }
        return new RealmRows(rows, rows.session().getProvider(RealmProvider.class).getRealm(rows.idOf(found.get(0))));
    }

    /** The only question of Keycloak's predicates that the realm's row cannot answer, and would ask a cache. */
    private Object call(RealmModel entity, Method method, Object[] args) throws Throwable {
        if (method.getName().equals("getIdentityProviderByAlias")) {
            return identityProviders.computeIfAbsent((String) args[0], this::hasIdentityProvider)
                    ? new IdentityProviderModel() : null;
        }
        try {
            return method.invoke(entity, args);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private boolean hasIdentityProvider(String alias) {
        return !rows.query("select p.alias from IdentityProviderEntity p where p.realmId = :realm and p.alias = :alias",
                String.class).setParameter("realm", model.getId()).setParameter("alias", alias).getResultList().isEmpty();
    }

    public boolean enabled() {
        return model.isEnabled();
    }

    public long notBefore() {
        return Math.max(0, model.getNotBefore());
    }

    public String name() {
        return model.getName();
    }

    /** The realm's own address, which its tokens carry as issuer; null or empty: it has none. */
    public String frontendUrl() {
        return model.getAttribute("frontendUrl");
    }

    /** Whether a refresh token that is used again is refused, and ends the newer ones. */
    public boolean refreshOnce() {
        return model.isRevokeRefreshToken() && model.getRefreshTokenMaxReuse() == 0;
    }

    public ClientRows clients() {
        return clients;
    }

    public SessionRows sessions() {
        return sessions;
    }

    public UserRows users() {
        return users;
    }
}
