/**
 * Keycloak's data as its database holds it, and nothing else.
 *
 * <p>Keycloak's own providers are no way to look at it. {@code session.sessions()} puts every session that it reads into
 * the caches, outside any transaction of ours: a session that was being removed meanwhile lives on there, its token is
 * refreshed, and no list shows it. {@code session.users()} and the user storage behind it ask the user's store whether
 * it still knows the user, and delete the user if it says no. Even the session persister deletes what it takes for left
 * over. So everything here is a query of ours over Keycloak's entities, in a transaction that is rolled back; Keycloak's
 * code judges what was read, and is never asked to read.
 */
package io.tokenstate.listener.rows;
