package io.tokenstate.listener;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.keycloak.models.ClientModel;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.provider.ProviderEvent;

/**
 * What this request removes, told by Keycloak's own removal events.
 *
 * <p>Clients, with both names: after the commit nobody can tell them any more, and the user event CLIENT_DELETE knows
 * only the client_id, the admin event without representation only the UUID. Realms, as a second witness: DELETE REALM
 * becomes a final fact over all tokens and keys of a realm, and a resource path alone is too little to rest it on.
 */
final class Removed {
    private static final String ATTRIBUTE = "tokenstate.removed";

    private final Map<String, String> uuids = new HashMap<>();
    private final Map<String, String> clientIds = new HashMap<>();
    private final Set<String> realms = new HashSet<>();

    /** What this Keycloak session removed so far. */
    static Removed of(KeycloakSession session) {
        Removed known = session.getAttribute(ATTRIBUTE, Removed.class);
        return known != null ? known : new Removed();
    }

    /** Called in the middle of Keycloak's removal. */
    static void note(ProviderEvent event) {
        if (event instanceof ClientModel.ClientRemovedEvent gone) {
            Removed all = of(gone.getKeycloakSession());
            all.client(gone.getClient().getId(), gone.getClient().getClientId());
            gone.getKeycloakSession().setAttribute(ATTRIBUTE, all);
        } else if (event instanceof RealmModel.RealmRemovedEvent gone) {
            Removed all = of(gone.getKeycloakSession());
            all.realm(gone.getRealm().getName());
            gone.getKeycloakSession().setAttribute(ATTRIBUTE, all);
        }
    }

    void client(String uuid, String clientId) {
        uuids.put(clientId, uuid);
        clientIds.put(uuid, clientId);
    }

    void realm(String name) {
        realms.add(name);
    }

    String uuid(String clientId) {
        return clientId == null ? null : uuids.get(clientId);
    }

    String clientId(String uuid) {
        return uuid == null ? null : clientIds.get(uuid);
    }

    boolean hasRealm(String name) {
        return realms.contains(name);
    }
}
