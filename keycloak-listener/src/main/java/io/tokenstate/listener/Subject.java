package io.tokenstate.listener;

/**
 * Whom a look is about. It is the key by which looks are coalesced: however many events of one user are waiting, the
 * user is looked at once.
 *
 * @param realmName Keycloak's name of the realm. Looks go by name and not by id: the name is the issuer, and it
 *                  stays meaningful for a realm that is gone or was made anew.
 * @param alias     the realm's name in the log
 * @param id        the id of the user, session or client (UUID), or the client_id; empty for a realm
 */
record Subject(String realmName, String alias, Kind kind, String id) {

    /** CLIENT_ID is a client of which only the client_id is known; its observation is that of a client. */
    enum Kind {
        USER("user"), CLIENT("client"), CLIENT_ID("client"), SESSION("session"), REALM("realm");

        /** Last token of the observation's subject. */
        final String token;

        Kind(String token) {
            this.token = token;
        }
    }
}
