package io.tokenstate.listener;

import io.tokenstate.listener.rows.Rows;
import org.keycloak.models.KeycloakSession;

/**
 * Whose offline session an administrator is deleting: DELETE USER_SESSION names nobody, and after the commit nobody can
 * tell. Within the request the session provider hides what it is about to remove, while the row behind it is removed at
 * the commit (26.0 to 26.8), and so is read past it: one read by key, on no other event.
 */
final class SessionOwner {
    private SessionOwner() {
    }

    /** The user's id, or null: then the look goes by the session alone. */
    static String of(KeycloakSession session, String realmId, String sid) {
        return realmId == null || sid == null ? null : Text.id(Rows.within(session).ownerOfOffline(realmId, sid));
    }
}
