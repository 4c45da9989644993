package io.tokenstate.listener.rows;

/**
 * One client of one offline session that Keycloak would refresh.
 *
 * @param user     whose it is
 * @param client   UUID
 * @param clientId null for a client that lives in a client store, outside the database
 * @param start    seconds; Keycloak refuses a token with {@code iat + 1 < start}. Keycloak compares a token with the
 *                 starts of both sessions, so it is the later one: a client session may bear the start of the online one
 *                 that it was made from, while the user session is new (seen on 26.2.5).
 * @param lifetime when it ends if nobody uses it
 */
public record OfflineSession(String session, String user, String client, String clientId, long start, Lifetime lifetime) {
}
