package io.tokenstate.listener;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * What the user and admin events of a transaction tell, so that Keycloak's own events of it need not tell it again. An
 * administrator who deletes a user makes Keycloak tell three times.
 *
 * <p>A user whom a partial import overwrites under the same id is removed and made anew in one transaction. That is no
 * removal, and the import's own event (UPDATE REALM with the user's path) makes us look: were it published as one, the
 * keys of every user of an ordinary bulk update would be dead.
 */
final class AlreadyTold {
    private static final Set<String> LIFE = Set.of("CREATE", "UPDATE", "DELETE", "DELETE_ACCOUNT", Types.CLIENT_DELETE);

    private final Set<Subject> subjects = new HashSet<>();
    private final Set<Subject> lives = new HashSet<>();
    private final Set<String> realmsGone = new HashSet<>();

    AlreadyTold(Collection<Happened> events) {
        for (Happened h : events) {
            // What concerns a realm itself says nothing of its users' roles.
            if (!h.type().endsWith(" REALM") || h.user() != null) {
                subjects.add(h.subject());
            }
            if (LIFE.contains(h.type().split(" ")[0]) && isOfSubject(h)) {
                lives.add(h.subject());
            }
            if (h.type().equals("DELETE REALM")) {
                realmsGone.add(h.realm());
            }
        }
    }

    /** Whether an event of Keycloak's own adds nothing to them. */
    boolean covers(Happened own) {
        return realmsGone.contains(own.realm())
                || (ProviderEvents.isRemoval(own) ? lives : subjects).contains(own.subject());
    }

    /** {@code users/ID/federated-identity/…} is a DELETE USER as well, and removes nobody. */
    private static boolean isOfSubject(Happened h) {
        if (h.kind() == Happened.Kind.USER || h.subject() == null) {
            return h.subject() != null;
        }
        String id = h.subject().id();
        return ("users/" + id).equals(h.path()) || ("clients/" + id).equals(h.path());
    }
}
