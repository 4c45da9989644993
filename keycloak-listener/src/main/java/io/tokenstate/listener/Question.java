package io.tokenstate.listener;

import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;

/**
 * What a look asks of one realm.
 *
 * @param user      whose sessions are listed; null: nobody's, or the owner's of the one session, if he can be told
 * @param standing  whether the user himself is looked at, too
 * @param owner     whether the user is to be found by the first of the sessions
 * @param sessions  each is told completely, however many others its owner has
 * @param clients   UUIDs of clients to look at, beside those of the sessions
 * @param clientIds the same by client_id
 */
record Question(String user, boolean standing, boolean owner, Set<String> sessions, Set<String> clients,
                Set<String> clientIds) {
    /**
     * They begin or end sessions and change nothing about their user, and they are most of all events: a look at the
     * user, too, would be three times as many statements for each login. Whom nobody has looked at yet, the worker looks
     * at once, if anything of theirs is kept.
     */
    private static final Set<String> SESSIONS_ONLY = Set.of(Types.LOGIN, Types.CODE_TO_TOKEN, Types.LOGOUT,
            Types.USER_SESSION_DELETED, Types.REVOKE_GRANT, Types.DELETE_USER_SESSION);

    /** What the causes of a look make us ask about its subject. */
    static Question of(LookQueue.Look look) {
        boolean standing = !look.causes().stream().map(Cause::type).allMatch(SESSIONS_ONLY::contains);
        Set<String> sessions = new LinkedHashSet<>();
        Set<String> clients = new LinkedHashSet<>();
        Set<String> clientIds = new LinkedHashSet<>();
        String id = look.subject().id();
        String user = null;
        switch (look.subject().kind()) {
            case USER -> user = id;
            case SESSION -> {
                sessions.add(id);
                user = look.causes().stream().map(Cause::user).filter(Objects::nonNull).findFirst().orElse(null);
            }
            case CLIENT -> clients.add(id);
            case CLIENT_ID -> clientIds.add(id);
            case REALM -> { }
        }
        for (Cause c : look.causes()) {
            if (c.session() != null) {
                sessions.add(c.session());
            }
            if (c.client() != null && standing) {
                clients.add(c.client());
            } else if (c.clientId() != null && standing) {
                clientIds.add(c.clientId());
            }
        }
        return new Question(user, standing, look.subject().kind() == Subject.Kind.SESSION, sessions, clients, clientIds);
    }
}
