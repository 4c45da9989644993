package io.tokenstate.listener;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.keycloak.events.Event;
import org.keycloak.events.admin.AdminEvent;

/**
 * Turns Keycloak's events into bounded extracts, and says whom each of them makes us look at. Pure: no session, no
 * database, no clock. Every field of an event may be null.
 */
final class Extractor {
    /** Nothing personal: no names, addresses, redirect URIs. In the order of the schema. */
    private static final List<String> DETAILS = List.of("refresh_token_type", "refresh_token_id", "refresh_token_sub",
            "revoked_client", "token_id", "client_auth_method", "reason", "logout_triggered_by_required_action",
            "logout_triggered_by_action_token", "grant_type");

    private final Realms realms;

    Extractor(Realms realms) {
        this.realms = realms;
    }

    /** The extract of a user event, or null if it is not published. */
    Happened user(Event e, String realmName, Removed removed) {
        String alias = realms.alias(realmName);
        String type = e.getType() == null ? "" : e.getType().name();
        if (alias == null || !Types.publishesUser(type, e.getDetails())) {
            return null;
        }
        Map<String, String> details = e.getDetails() == null ? Map.of() : e.getDetails();
        String user = Text.id(e.getUserId() != null ? e.getUserId() : details.get("refresh_token_sub"));
        String session = Text.id(e.getSessionId());
        String about = details.get("revoked_client");
        String clientId = Text.id(about != null ? about : e.getClientId());
        String client = removed.uuid(clientId);
        Subject subject = switch (type) {
            case Types.CLIENT_UPDATE, Types.CLIENT_DELETE -> client(realmName, alias, client, clientId);
            default -> person(realmName, alias, user, session);
        };
        boolean error = type.equals(Types.REFRESH_TOKEN_ERROR);
        return new Happened(eventId(e.getId()), Happened.Kind.USER, type, e.getTime(), alias, null, user, session,
                client, clientId, Text.cut(e.getError(), Text.MAX), allowed(details), null, null, null,
                error ? 0 : null, subject, naming(type, details, session), error || Types.isBirth(type, details), null);
    }

    /** The extract of an admin event, or null if it is not published. */
    Happened admin(AdminEvent e, String realmName, boolean includeRepresentation, Removed removed) {
        String operation = e.getOperationType() == null ? "" : e.getOperationType().name();
        String resource = e.getResourceTypeAsString() == null ? "" : e.getResourceTypeAsString();
        if (e.getError() != null || !Types.publishesAdmin(operation, resource, e.getResourcePath())) {
            return null;
        }
        ResourcePath path = ResourcePath.of(e.getResourcePath());
        boolean within = e.getResourcePath() != null && e.getResourcePath().contains("/");
        if (resource.equals("REALM") && "CREATE".equals(operation) && within && path.user() == null) {
            return null; // A partial import tells what it made so. Only a user can be one who was there before.
        }
        // A realm is made and removed in the administrator's realm, so the path and not the event names it.
        boolean lifeOfRealm = resource.equals("REALM") && !within && !"UPDATE".equals(operation)
                && !"ACTION".equals(operation);
        String about = lifeOfRealm ? e.getResourcePath() : realmName;
        boolean gone = lifeOfRealm && "DELETE".equals(operation);
        if (gone && !removed.hasRealm(about)) {
            return null;
        }
        String alias = realms.alias(about);
        if (alias == null) {
            return null;
        }
        Map<String, Object> seen = includeRepresentation && e.getRepresentation() != null
                ? Representation.reduce(e.getRepresentation()) : null;
        String clientId = path.clientId() != null ? path.clientId() : removed.clientId(path.client());
        if (clientId == null && path.client() != null && resource.equals("CLIENT") && seen != null) {
            clientId = (String) seen.get("clientId");
        }
        boolean offline = resource.equals("USER_SESSION")
                && (seen == null || !Boolean.FALSE.equals(seen.get("offline")));
        Subject subject = lookFor(resource, offline, path, about, alias);
        Happened.Naming naming = offline && path.session() != null ? Happened.Naming.SESSION : Happened.Naming.NOTHING;
        return new Happened(eventId(e.getId()), Happened.Kind.ADMIN, operation + " " + resource, e.getTime(), alias,
                Text.cut(e.getResourcePath(), Text.MAX_PATH), path.user(), path.session(), path.client(), clientId,
                null, Map.of(), seen, Actor.of(e.getAuthDetails()), gone ? Text.cut(about, Text.MAX) : null, null,
                subject, naming, false, null);
    }

    private static Subject lookFor(String resource, boolean offline, ResourcePath path, String realm, String alias) {
        if (resource.equals("USER_SESSION") && !offline) {
            return null; // An online session only: no offline token is touched.
        }
        if (path.user() != null || path.session() != null) {
            return person(realm, alias, path.user(), path.session());
        }
        if (path.client() != null) {
            return client(realm, alias, path.client(), null);
        }
        return new Subject(realm, alias, Subject.Kind.REALM, "");
    }

    private static Subject person(String realm, String alias, String user, String session) {
        if (user != null) {
            return new Subject(realm, alias, Subject.Kind.USER, user);
        }
        return session == null ? null : new Subject(realm, alias, Subject.Kind.SESSION, session);
    }

    private static Subject client(String realm, String alias, String uuid, String clientId) {
        if (uuid != null) {
            return new Subject(realm, alias, Subject.Kind.CLIENT, uuid);
        }
        return clientId == null ? new Subject(realm, alias, Subject.Kind.REALM, "")
                : new Subject(realm, alias, Subject.Kind.CLIENT_ID, clientId);
    }

    /** The death class. Refusals, births and changes of standing never name a session as ended. */
    private static Happened.Naming naming(String type, Map<String, String> details, String session) {
        if (session == null) {
            return Happened.Naming.NOTHING;
        }
        return switch (type) {
            case Types.LOGOUT, Types.USER_SESSION_DELETED -> Happened.Naming.SESSION;
            case Types.REVOKE_GRANT -> Types.isOffline(details)
                    ? Happened.Naming.CLIENT_OF_SESSION : Happened.Naming.NOTHING;
            default -> Happened.Naming.NOTHING;
        };
    }

    private static Map<String, String> allowed(Map<String, String> details) {
        Map<String, String> out = new LinkedHashMap<>();
        for (String name : DETAILS) {
            String value = details.get(name);
            if (value != null) {
                out.put(name, Text.cut(value, Text.MAX));
            }
        }
        return out;
    }

    /** Keycloak has always set an id since 21; an event without one is still better told than lost. */
    private static String eventId(String id) {
        boolean fit = id != null && id.matches("[A-Za-z0-9._:/-]{8,120}");
        return fit ? id : UUID.randomUUID().toString();
    }
}
