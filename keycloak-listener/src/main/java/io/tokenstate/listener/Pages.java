package io.tokenstate.listener;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tokenstate.listener.rows.OfflineSession;
import io.tokenstate.listener.rows.RealmRows;
import io.tokenstate.listener.rows.Rows;
import io.tokenstate.listener.rows.SessionRows;
import io.tokenstate.listener.rows.User;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.storage.StorageId;

/**
 * Pages of a client's offline sessions and of a realm's users. The next page begins after the last id of this one, and
 * not at a number: what is removed meanwhile makes nobody be skipped.
 */
final class Pages {
    private static final int MAX = 1000;

    private final KeycloakSessionFactory keycloak;

    Pages(KeycloakSessionFactory keycloak) {
        this.keycloak = keycloak;
    }

    ObjectNode sessions(String realmName, String client, String after, int limit) {
        return read(realmName, realm -> {
            if (StorageId.isLocalStorage(client) && realm.clients().byUuid(Set.of(client)).isEmpty()) {
                throw new Refusal(404, "client-gone", "the realm has no client of this UUID");
            }
            SessionRows.Page page = realm.sessions().ofClient(client, after, limit);
            ObjectNode out = Json.MAPPER.createObjectNode();
            ArrayNode sessions = out.putArray("sessions");
            for (OfflineSession s : page.sessions()) {
                Roster.times(sessions.addObject().put("session", s.session()).put("user", s.user()).put("client", s.client()), s);
            }
            return out.put("next", page.next());
        });
    }

    ObjectNode users(String realmName, String after, int limit) {
        return read(realmName, realm -> {
            List<User> page = realm.users().after(after, limit);
            ObjectNode out = Json.MAPPER.createObjectNode();
            ArrayNode users = out.putArray("users");
            for (User u : page) {
                ObjectNode user = users.addObject().put("user", u.id()).put("enabled", u.enabled())
                        .put("offline_access", u.offlineAccess()).put("not_before", u.notBefore());
                Json.put(user, "store", u.store());
            }
            return out.put("next", page.size() < limit ? null : page.get(limit - 1).id());
        });
    }

    private ObjectNode read(String realmName, Function<RealmRows, ObjectNode> job) {
        return Rows.read(keycloak, rows -> {
            RealmRows realm = rows.realm(realmName);
            if (realm == null) {
                throw new Refusal(404, "realm-gone", "Keycloak has no realm of this name");
            }
            return job.apply(realm);
        });
    }

    static String id(String name, String value) {
        if (Text.id(value) == null) {
            throw Refusal.badRequest(name + " must hold text of 1 to " + Text.MAX + " printable characters");
        }
        return value;
    }

    /** Where a page begins; the first one has no such parameter. */
    static String after(String value) {
        return value == null || value.isEmpty() ? "" : id("after", value);
    }

    static int limit(String value) {
        if (value == null) {
            return MAX;
        }
        if (value.matches("[0-9]{1,4}")) {
            int limit = Integer.parseInt(value);
            if (limit >= 1 && limit <= MAX) {
                return limit;
            }
        }
        throw Refusal.badRequest("limit must be a number from 1 to " + MAX);
    }
}
