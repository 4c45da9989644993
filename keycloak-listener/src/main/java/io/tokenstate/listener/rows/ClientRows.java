package io.tokenstate.listener.rows;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.keycloak.models.ClientModel;
import org.keycloak.models.ClientProvider;
import org.keycloak.models.RealmModel;

/** Clients of one realm, each read once. */
public final class ClientRows {
    private final Rows rows;
    private final RealmModel realm;
    private final Map<String, ClientModel> known = new LinkedHashMap<>();
    private final Set<String> asked = new LinkedHashSet<>();
    private final Supplier<OfflineAccess> offlineAccess;

    ClientRows(Rows rows, RealmModel realm, Supplier<OfflineAccess> offlineAccess) {
        this.rows = rows;
        this.realm = realm;
        this.offlineAccess = offlineAccess;
    }

    /** The UUIDs of those of the clients whose offline tokens Keycloak refreshes, if nothing else speaks against it. */
    public Set<String> withOfflineAccess(Collection<ClientModel> clients) {
        return offlineAccess.get().of(clients);
    }

    /** Those of the clients that exist, by UUID. */
    public Map<String, ClientModel> byUuid(Collection<String> uuids) {
        load("id", uuids.stream().filter(asked::add).toList());
        Map<String, ClientModel> found = new LinkedHashMap<>();
        uuids.stream().filter(known::containsKey).forEach(id -> found.put(id, known.get(id)));
        return found;
    }

    /** Those of the clients that exist, by client_id. */
    public Map<String, ClientModel> byClientId(Collection<String> clientIds) {
        Map<String, ClientModel> found = new LinkedHashMap<>();
        known.values().stream().filter(c -> clientIds.contains(c.getClientId())).forEach(c -> found.put(c.getClientId(), c));
        for (ClientModel c : load("clientId", clientIds.stream().filter(id -> !found.containsKey(id)).toList())) {
            asked.add(c.getId());
            found.put(c.getClientId(), c);
        }
        return found;
    }

    /** With their attributes, after which Keycloak's provider has nothing left to ask the database. */
    private List<ClientModel> load(String attribute, Collection<String> values) {
        ClientProvider clients = rows.session().getProvider(ClientProvider.class);
        List<ClientModel> found = new ArrayList<>();
        for (Object entity : rows.forAll(values, some -> rows.query("select c from ClientEntity c left join fetch"
                + " c.attributes where c.realmId = :realm and c." + attribute + " in :list", Object.class)
                .setParameter("realm", realm.getId()))) {
            ClientModel client = clients.getClientById(realm, rows.idOf(entity));
            if (client != null) {
                known.put(client.getId(), client);
                found.add(client);
            }
        }
        return found;
    }
}
