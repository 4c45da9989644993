package io.tokenstate.listener;

import java.util.Map;
import java.util.Set;

/**
 * Which events are published: the action table of keycloak.md, and nothing beside it. Names and not enum constants,
 * so that a Keycloak that lacks one of them still loads the listener.
 */
final class Types {
    static final String LOGIN = "LOGIN";
    static final String CODE_TO_TOKEN = "CODE_TO_TOKEN";
    static final String LOGOUT = "LOGOUT";
    static final String REVOKE_GRANT = "REVOKE_GRANT";
    static final String USER_SESSION_DELETED = "USER_SESSION_DELETED";
    /** An admin event. */
    static final String DELETE_USER_SESSION = "DELETE USER_SESSION";
    static final String REFRESH_TOKEN_ERROR = "REFRESH_TOKEN_ERROR";
    static final String CLIENT_UPDATE = "CLIENT_UPDATE";
    static final String CLIENT_DELETE = "CLIENT_DELETE";

    private static final Set<String> BIRTHS = Set.of(LOGIN, CODE_TO_TOKEN);
    private static final Set<String> USER = Set.of(LOGOUT, REVOKE_GRANT, USER_SESSION_DELETED, REFRESH_TOKEN_ERROR,
            "DELETE_ACCOUNT", "USER_DISABLED_BY_PERMANENT_LOCKOUT", "UPDATE_CONSENT", CLIENT_UPDATE, CLIENT_DELETE);

    /** Resources whose change can kill or revive a token, and whether their CREATE can. */
    private static final Map<String, Boolean> ADMIN = Map.ofEntries(
            Map.entry("USER", true), Map.entry("USER_SESSION", true), Map.entry("REALM", true),
            Map.entry("REALM_ROLE", false), Map.entry("REALM_ROLE_MAPPING", true),
            Map.entry("CLIENT_ROLE", false), Map.entry("CLIENT_ROLE_MAPPING", true), Map.entry("GROUP", false),
            Map.entry("GROUP_MEMBERSHIP", true), Map.entry("CLIENT", false), Map.entry("CLIENT_SCOPE", false),
            Map.entry("CLIENT_SCOPE_CLIENT_MAPPING", true), Map.entry("REALM_SCOPE_MAPPING", true),
            Map.entry("CLIENT_SCOPE_MAPPING", true),
            // A signing key or a user store that comes back revives what it killed.
            Map.entry("COMPONENT", true), Map.entry("USER_FEDERATION_PROVIDER", true),
            Map.entry("IDENTITY_PROVIDER", false), Map.entry("ORGANIZATION", false),
            Map.entry("ORGANIZATION_MEMBERSHIP", true));

    private Types() {
    }

    /** A login is published only if it bore an offline token: every other one concerns nobody here. */
    static boolean publishesUser(String type, Map<String, String> details) {
        return USER.contains(type) || isBirth(type, details);
    }

    static boolean isBirth(String type, Map<String, String> details) {
        return BIRTHS.contains(type) && isOffline(details);
    }

    static boolean isOffline(Map<String, String> details) {
        return details != null && "Offline".equals(details.get("refresh_token_type"));
    }

    /**
     * @param path the event's resource path; a role that gains a composite is announced as its CREATE and can give
     *             offline access back to everybody
     */
    static boolean publishesAdmin(String operation, String resource, String path) {
        Boolean create = ADMIN.get(resource);
        if (create == null) {
            return false;
        }
        return create || !"CREATE".equals(operation) || (path != null && path.endsWith("/composites"));
    }
}
