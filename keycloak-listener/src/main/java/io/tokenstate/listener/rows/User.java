package io.tokenstate.listener.rows;

/**
 * A user as the database knows him.
 *
 * @param enabled   the row's own flag, and not shut out by an organization that manages him. What a user store thinks of
 *                  him is not in it: a store that is away reads as "disabled", too.
 * @param offlineAccess has the roles without which Keycloak refreshes nobody's offline tokens
 * @param notBefore seconds
 * @param store     component id of the user store that he was imported from; null for a user of the realm itself
 */
public record User(String id, boolean enabled, boolean offlineAccess, long notBefore, String store) {
}
