package io.tokenstate.listener;

import org.keycloak.models.KeycloakSession;
import org.keycloak.models.OfflineUserSessionModel;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserSessionModel;
import org.keycloak.models.session.UserSessionPersisterProvider;

/**
 * Whose offline session an administrator is deleting: DELETE USER_SESSION names nobody, and after the commit nobody can
 * tell. Within the request the session provider hides what it is about to remove, while the row behind it is removed at
 * the commit (26.0 to 26.7), and so is read past it: one read by key, on no other event.
 */
final class SessionOwner {
    private SessionOwner() {
    }

    /** The user's id, or null: then the look goes by the session alone. */
    static String of(KeycloakSession session, String realmId, String sid) {
        UserSessionPersisterProvider rows = session.getProvider(UserSessionPersisterProvider.class);
        RealmModel realm = realmId == null ? null : session.realms().getRealm(realmId);
        UserSessionModel row = rows == null || realm == null ? null : rows.loadUserSession(realm, sid, true);
        // Not getUser(), which may ask a directory.
        return row instanceof OfflineUserSessionModel offline ? Text.id(offline.getUserId()) : null;
    }
}
