package io.tokenstate.listener;

import io.tokenstate.listener.rows.User;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.keycloak.component.ComponentModel;
import org.keycloak.models.Constants;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.models.RealmModel;
import org.keycloak.models.RoleModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.UserProvider;
import org.keycloak.models.utils.KeycloakModelUtils;
import org.keycloak.storage.DatastoreProvider;
import org.keycloak.storage.StorageId;
import org.keycloak.storage.StoreManagers;
import org.keycloak.storage.UserStorageProvider;
import org.keycloak.storage.UserStorageProviderFactory;
import org.keycloak.storage.user.UserQueryMethodsProvider;

/**
 * Asks user stores for the users whom only they know, those with an id of the form {@code f:<store>:<id>}. Users who were
 * imported have a row and are never asked for: Keycloak would delete one whom his store does not find.
 *
 * <p>A directory may hang for minutes. So it is asked on threads of its own, two at once, and nobody waits for longer
 * than five seconds; a question that finds no thread or gets no answer fails, which is not an answer.
 */
final class Stores {
    private static final int AT_ONCE = 2;
    private static final int WAITING = 64;

    private final KeycloakSessionFactory keycloak;
    private final long patience;
    private final ThreadPoolExecutor threads;

    Stores(KeycloakSessionFactory keycloak, long patienceMillis) {
        this.keycloak = keycloak;
        patience = patienceMillis;
        threads = new ThreadPoolExecutor(AT_ONCE, AT_ONCE, 30, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING), job -> {
            Thread thread = new Thread(job, "tokenstate-store");
            thread.setDaemon(true);
            return thread;
        });
        threads.allowCoreThreadTimeOut(true);
    }

    /** Whether only a store knows the user. */
    static boolean own(String user) {
        return user != null && !StorageId.isLocalStorage(user);
    }

    /** Fails when the store does not answer in time, answers with an error or has too many questions waiting. */
    CompletableFuture<StoreAnswer> ask(String realmName, String user) {
        CompletableFuture<StoreAnswer> answer = new CompletableFuture<>();
        Future<?> work;
        try {
            work = threads.submit(() -> {
                try {
                    answer.complete(read(realmName, user));
                } catch (Throwable t) {
                    answer.completeExceptionally(t);
                }
            });
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(new IllegalStateException("too many user stores are being waited for", e));
        }
        return answer.orTimeout(patience, TimeUnit.MILLISECONDS).whenComplete((done, failed) -> work.cancel(true));
    }

    private StoreAnswer read(String realmName, String id) {
        String store = new StorageId(id).getProviderId();
        return KeycloakModelUtils.runJobInTransactionWithResult(keycloak, session -> {
            session.getTransactionManager().setRollbackOnly();
            RealmModel realm = session.realms().getRealmByName(realmName);
            if (realm == null) {
                return new StoreAnswer(store, null);
            }
            session.getContext().setRealm(realm); // Stores ask the context for it.
            return new StoreAnswer(store, user(session, realm, id, store));
        });
    }

    private static User user(KeycloakSession session, RealmModel realm, String id, String store) {
        // Past the cache of users, which may still tell what was true before the event.
        UserProvider users = ((StoreManagers) session.getProvider(DatastoreProvider.class)).userStorageManager();
        UserModel user = users.getUserById(realm, id);
        if (user == null) {
            if (showsNobody(session, realm, store)) {
                throw new IllegalStateException("the user store shows nobody at all");
            }
            return null;
        }
        // A store may know several spellings of an id. Only this one is named by events.
        if (!id.equals(user.getId())) {
            throw new IllegalStateException("the user store answers under another id");
        }
        RoleModel role = session.roles().getRealmRole(realm, Constants.OFFLINE_ACCESS_ROLE);
        return new User(id, user.isEnabled(), role != null && user.hasRole(role),
                Math.max(0, users.getNotBeforeOfUser(realm, user)), store);
    }

    /**
     * A directory that is empty, or whose base is mistyped, finds nobody, and so says nothing about the one who was asked
     * for. The tempting mistake is to take its "not found" for a deletion: everybody's keys would stop.
     */
    private static boolean showsNobody(KeycloakSession session, RealmModel realm, String store) {
        ComponentModel model = realm.getComponent(store);
        return model != null && session.getKeycloakSessionFactory().getProviderFactory(UserStorageProvider.class,
                model.getProviderId()) instanceof UserStorageProviderFactory<?> factory
                && factory.create(session, model) instanceof UserQueryMethodsProvider all
                && all.searchForUserStream(realm, Map.of(UserModel.SEARCH, "*"), 0, 1).findAny().isEmpty();
    }
}
