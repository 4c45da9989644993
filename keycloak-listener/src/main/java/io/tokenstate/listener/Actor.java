package io.tokenstate.listener;

import org.keycloak.events.admin.AuthDetails;

/**
 * Who called the admin API: Keycloak's ids of the administrator (or service account), of the client, and of the realm
 * that both are in. No name and no address: whoever asks why a user was disabled finds the person by the id.
 */
record Actor(String user, String client, String realm) {

    /** Null where nobody is named. */
    static Actor of(AuthDetails by) {
        if (by == null) {
            return null;
        }
        Actor actor = new Actor(Text.id(by.getUserId()), Text.id(by.getClientId()), Text.id(by.getRealmId()));
        return actor.user == null && actor.client == null && actor.realm == null ? null : actor;
    }
}
