package io.tokenstate.listener;

import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The ids in an admin event's resource path. Keycloak cuts the path out of the <em>decoded</em> request URI, so an id
 * with a slash (a client_id that is a URL, the external id of a federated user) is not set apart from what follows.
 *
 * <p>The tempting mistake is to split at slashes and take the second part.
 *
 * @param user     users/{id}/…, organizations/{org}/members/{id}
 * @param session  sessions/{sid}
 * @param client   clients/{uuid}/…
 * @param clientId users/{id}/consents/{client_id}: the one path that names a client by its client_id
 */
record ResourcePath(String user, String session, String client, String clientId) {
    private static final ResourcePath NONE = new ResourcePath(null, null, null, null);

    /** What can follow users/{id}/ in the admin API of 22 to 26.7. */
    private static final Set<String> OF_USER = Set.of("logout", "consents", "role-mappings", "groups", "sessions",
            "offline-sessions", "federated-identity", "reset-password", "reset-password-email", "credentials",
            "disable-credential-types", "execute-actions-email", "send-verify-email", "impersonation",
            "configured-user-storage-credential-types", "profile", "unmanagedAttributes", "partial-import");

    static ResourcePath of(String path) {
        if (path == null || path.isEmpty()) {
            return NONE;
        }
        List<String> parts = Arrays.asList((path.startsWith("/") ? path.substring(1) : path).split("/", -1));
        return switch (parts.get(0)) {
            case "users" -> user(parts);
            case "sessions" -> new ResourcePath(null, rest(parts, 1), null, null);
            case "clients" -> new ResourcePath(null, null, parts.size() > 1 ? Text.id(parts.get(1)) : null, null);
            case "organizations" -> parts.size() > 3 && parts.get(2).equals("members")
                    ? new ResourcePath(rest(parts, 3), null, null, null) : NONE;
            default -> NONE;
        };
    }

    private static ResourcePath user(List<String> parts) {
        int end = endOfUser(parts);
        String user = Text.id(String.join("/", parts.subList(Math.min(1, parts.size()), end)));
        boolean consent = end < parts.size() && parts.get(end).equals("consents");
        return new ResourcePath(user, null, null, consent ? rest(parts, end + 1) : null);
    }

    /** Only the id of a federated user (f:{store}:{external id}) can hold a slash; a local one ends at the first. */
    private static int endOfUser(List<String> parts) {
        if (parts.size() < 3 || !parts.get(1).startsWith("f:")) {
            return Math.min(2, parts.size());
        }
        int end = 2;
        while (end < parts.size() && !OF_USER.contains(parts.get(end))) {
            end++;
        }
        return end;
    }

    private static String rest(List<String> parts, int from) {
        return from >= parts.size() ? null : Text.id(String.join("/", parts.subList(from, parts.size())));
    }
}
