package io.tokenstate.listener;

import java.util.Map;

/**
 * One event of Keycloak's as the bounded extract that is published, and what the listener must do about it. It is
 * made inside {@code onEvent}, because Keycloak changes and re-uses its event objects afterwards: it shares nothing
 * with them, which makes it the clone that a queue needs.
 *
 * @param event          Keycloak's event id
 * @param type           {@code LOGOUT}, or for an admin event {@code DELETE USER_SESSION}
 * @param at             the event's time, ms
 * @param realm          alias of the realm that the event is about
 * @param client         UUID of the client that the event is about; null where Keycloak does not say, resolved later
 * @param representation allow-listed members; null where the realm does not include representations
 * @param realmName      DELETE REALM only
 * @param suppressed     REFRESH_TOKEN_ERROR only: further errors that this one stands for; null for every other type
 * @param subject        whom to look at; null: nobody
 * @param naming         what the event names as ended
 * @param birth          a session is being written in a second transaction: look later
 */
record Happened(String event, boolean admin, String type, long at, String realm, String path, String user,
                String session, String client, String clientId, String error, Map<String, String> details,
                Map<String, Object> representation, String realmName, Integer suppressed, Subject subject,
                Naming naming, boolean birth) {

    /** Only events of the death class name a session as ended: with every client in it, or with one client. */
    enum Naming { NOTHING, SESSION, CLIENT_OF_SESSION }

    Happened withClient(String uuid, String id) {
        return new Happened(event, admin, type, at, realm, path, user, session, uuid, id, error, details,
                representation, realmName, suppressed, subject, naming, birth);
    }

    Happened withUser(String owner) {
        return new Happened(event, admin, type, at, realm, path, owner, session, client, clientId, error, details,
                representation, realmName, suppressed, subject, naming, birth);
    }

    Happened withSuppressed(int more) {
        return new Happened(event, admin, type, at, realm, path, user, session, client, clientId, error, details,
                representation, realmName, more, subject, naming, birth);
    }

    /**
     * This event as the cause of a look. A client of a session is named only by its UUID: were it left out, the
     * reader would take the whole session, with its other clients, as ended.
     */
    Cause cause(long due) {
        String ended = switch (naming) {
            case NOTHING -> null;
            case SESSION -> session;
            case CLIENT_OF_SESSION -> client == null ? null : session;
        };
        return new Cause(event, type, at, ended, naming == Naming.CLIENT_OF_SESSION, client, clientId, user,
                due, 0);
    }
}
