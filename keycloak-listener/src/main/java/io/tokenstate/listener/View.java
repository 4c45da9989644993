package io.tokenstate.listener;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.keycloak.models.AuthenticatedClientSessionModel;
import org.keycloak.models.ClientModel;
import org.keycloak.models.ClientProvider;
import org.keycloak.models.Constants;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.RealmProvider;
import org.keycloak.models.RoleModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.UserProvider;
import org.keycloak.models.UserSessionModel;
import org.keycloak.services.managers.AuthenticationManager;
import org.keycloak.storage.DatastoreProvider;
import org.keycloak.storage.StoreManagers;

/**
 * Keycloak's data within one transaction, past its caches. The caches are invalidated by after-commit tasks of the
 * very request whose event we look into, and nothing orders those before ours, so {@code session.users()} may still
 * tell what was true before (#51532).
 *
 * <p>Behind the caches stand: for realms the provider that {@code getProvider(RealmProvider)} gives (JPA), for users
 * and clients the {@link StoreManagers} of the datastore, which unlike the bare JPA provider also know federated users
 * and members of disabled organisations. Offline sessions are read through the ordinary provider: removals are in its
 * store when our callback runs (0 of 430 stale).
 */
final class View {
    private final KeycloakSession session;
    private final RealmModel realm;
    private final UserProvider users;
    private final ClientProvider clients;

    /** @param realmName Keycloak's name of the realm; {@link #exists()} tells whether there is one */
    View(KeycloakSession session, String realmName) {
        this.session = session;
        StoreManagers stores = (StoreManagers) session.getProvider(DatastoreProvider.class);
        users = stores.userStorageManager();
        clients = stores.clientStorageManager();
        realm = session.getProvider(RealmProvider.class).getRealmByName(realmName);
        if (realm != null) {
            session.getContext().setRealm(realm); // Organisations and federation ask the context.
        }
    }

    boolean exists() {
        return realm != null;
    }

    boolean enabled() {
        return realm.isEnabled();
    }

    long notBefore() {
        return Math.max(0, realm.getNotBefore());
    }

    ClientModel client(String uuid) {
        return clients.getClientById(realm, uuid);
    }

    ClientModel clientById(String clientId) {
        return clients.getClientByClientId(realm, clientId);
    }

    UserModel user(String id) {
        return users.getUserById(realm, id);
    }

    long notBefore(UserModel user) {
        return Math.max(0, users.getNotBeforeOfUser(realm, user));
    }

    /** Whether the realm role offline_access reaches the user, directly, by a group or within another role. */
    boolean offlineAccess(UserModel user) {
        RoleModel role = session.roles().getRealmRole(realm, Constants.OFFLINE_ACCESS_ROLE);
        return role != null && user.hasRole(role);
    }

    /** Every client of every offline session of the user; stops soon after what a roster can hold. */
    List<Roster.Row> offline(UserModel user) {
        List<Roster.Row> rows = new ArrayList<>();
        try (Stream<UserSessionModel> all = session.sessions().getOfflineUserSessionsStream(realm, user)) {
            all.takeWhile(s -> rows.size() <= Roster.MAX_ROWS).forEach(s -> rows.addAll(rows(s)));
        }
        return rows;
    }

    UserSessionModel offline(String sid) {
        return session.sessions().getOfflineUserSession(realm, sid);
    }

    /** Every client of one offline session, however many others its user has. */
    List<Roster.Row> rows(String sid) {
        UserSessionModel offline = offline(sid);
        return offline == null ? List.of() : rows(offline);
    }

    UserSessionModel online(String sid) {
        return session.sessions().getUserSession(realm, sid);
    }

    /**
     * The clients of a session that can be refreshed. A client session whose client is gone is none. Nor is one that
     * Keycloak still keeps and would end at the next refresh: lifespans were shortened, remember-me was switched off,
     * its identity provider is gone. Keycloak's own check says so, for its rules differ by version.
     *
     * <p>Keycloak compares a token with the starts of both sessions, so the later one counts: a client session may bear
     * the start of the online one that it was made from, while the user session is new (seen on 26.2.5).
     */
    List<Roster.Row> rows(UserSessionModel of) {
        List<Roster.Row> rows = new ArrayList<>();
        if (!AuthenticationManager.isSessionValid(realm, of)) {
            return rows;
        }
        for (Map.Entry<String, AuthenticatedClientSessionModel> e : of.getAuthenticatedClientSessions().entrySet()) {
            ClientModel client = client(e.getKey());
            if (client != null && AuthenticationManager.isClientSessionValid(realm, client, of, e.getValue())) {
                long start = Math.max(0, Math.max(of.getStarted(), e.getValue().getStarted()));
                rows.add(new Roster.Row(of.getId(), client.getId(), Text.id(client.getClientId()), start));
            }
        }
        return rows;
    }
}
