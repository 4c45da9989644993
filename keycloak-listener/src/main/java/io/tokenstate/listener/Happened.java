package io.tokenstate.listener;

import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * One event of Keycloak's as the bounded extract that is published, and what the listener must do about it. It is
 * made inside {@code onEvent}, because Keycloak changes and re-uses its event objects afterwards: it shares nothing
 * with them, which makes it the clone that a queue needs.
 *
 * @param event          Keycloak's event id; events between Keycloak's own parts have none, so theirs is random
 * @param kind           who told it
 * @param type           {@code LOGOUT}, for an admin event {@code DELETE USER_SESSION}, for one of Keycloak's own one of
 *                       the names in {@link ProviderEvents}
 * @param at             the event's time, ms
 * @param realm          alias of the realm that the event is about
 * @param client         UUID of the client that the event is about; null where Keycloak does not say, resolved later
 * @param representation allow-listed members; null where the realm does not include representations
 * @param actor          admin events only: who did it; null where Keycloak does not say
 * @param realmName      DELETE REALM only
 * @param suppressed     REFRESH_TOKEN_ERROR only: further errors that this one stands for; null for every other type
 * @param subject        whom to look at; null: nobody
 * @param naming         what the event names as ended
 * @param birth          Keycloak commits what it is about only after it has told it: a session that is born is written in
 *                       a second transaction, and what a refused refresh ends is ended when its request ends, while the
 *                       event of a refusal has a transaction of its own. Look later
 * @param trace          traceparent of the request, or null
 */
record Happened(String event, Kind kind, String type, long at, String realm, String path, String user,
                String session, String client, String clientId, String error, Map<String, String> details,
                Map<String, Object> representation, Actor actor, String realmName, Integer suppressed, Subject subject,
                Naming naming, boolean birth, String trace) {

    /** Keycloak's user events, its admin events, and those that its parts tell each other inside a transaction. */
    enum Kind {
        USER, ADMIN, PROVIDER;

        /** As the schema has it. */
        final String token = name().toLowerCase(Locale.ROOT);
    }

    /** Only events of the death class name a session as ended: with every client in it, or with one client. */
    enum Naming { NOTHING, SESSION, CLIENT_OF_SESSION }

    /**
     * An event of Keycloak's own. It is told in the middle of a change whose other parts may be written in a second
     * transaction, so the look comes as late as after a birth.
     */
    static Happened provider(String type, long at, Subject subject, String clientId, Map<String, String> details) {
        boolean user = subject.kind() == Subject.Kind.USER;
        boolean client = subject.kind() == Subject.Kind.CLIENT;
        return new Happened(UUID.randomUUID().toString(), Kind.PROVIDER, type, at, subject.alias(), null,
                user ? subject.id() : null, null, client ? subject.id() : null, clientId, null, details, null, null,
                null, null, subject, Naming.NOTHING, true, null);
    }

    Happened withClient(String uuid, String id) {
        return new Happened(event, kind, type, at, realm, path, user, session, uuid, id, error, details,
                representation, actor, realmName, suppressed, subject, naming, birth, trace);
    }

    Happened withUser(String owner) {
        return new Happened(event, kind, type, at, realm, path, owner, session, client, clientId, error, details,
                representation, actor, realmName, suppressed, subject, naming, birth, trace);
    }

    Happened withTrace(String traceparent) {
        return new Happened(event, kind, type, at, realm, path, user, session, client, clientId, error, details,
                representation, actor, realmName, suppressed, subject, naming, birth, traceparent);
    }

    Happened withSuppressed(int more) {
        return new Happened(event, kind, type, at, realm, path, user, session, client, clientId, error, details,
                representation, actor, realmName, more, subject, naming, birth, trace);
    }

    /**
     * This event as the cause of a look. A client of a session is named only by its UUID: were it left out, the
     * reader would take the whole session, with its other clients, as ended.
     */
    Cause cause(long committedBy, long due) {
        String ended = switch (naming) {
            case NOTHING -> null;
            case SESSION -> session;
            case CLIENT_OF_SESSION -> client == null ? null : session;
        };
        return new Cause(event, type, at, ended, naming == Naming.CLIENT_OF_SESSION, client, clientId, user,
                committedBy, due, 0, trace);
    }
}
