package io.tokenstate.listener;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tokenstate.listener.rows.OfflineSession;
import io.tokenstate.listener.rows.RealmRows;
import io.tokenstate.listener.rows.SessionRows;
import io.tokenstate.listener.rows.User;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.keycloak.models.ClientModel;
import org.keycloak.storage.StorageId;

/** What a look saw, as the data of one or more observations. */
final class Answer {
    /** The schema's limits of one observation. */
    private static final int MAX_CLIENTS = 256;
    private static final int MAX_ROSTERS = 256;

    private final RealmRows realm;
    private final Question question;
    private final Set<String> clients;
    private final ObjectNode head = Json.MAPPER.createObjectNode();

    private Answer(RealmRows realm, Question question) {
        this.realm = realm;
        this.question = question;
        clients = new LinkedHashSet<>(question.clients());
    }

    /**
     * @param realm  null if there is none
     * @param stored what the user store answered, for a user whom only his store knows and who is looked at himself
     * @param room   bytes that one part may take
     */
    static List<ObjectNode> to(Question question, RealmRows realm, StoreAnswer stored, int room) {
        if (realm == null) {
            ObjectNode gone = Json.MAPPER.createObjectNode();
            gone.putObject("realm").put("gone", true);
            return List.of(gone);
        }
        return new Answer(realm, question).parts(stored, room);
    }

    private List<ObjectNode> parts(StoreAnswer stored, int room) {
        ObjectNode about = head.putObject("realm").put("enabled", realm.enabled()).put("not_before", realm.notBefore())
                .put("refresh_once", realm.refreshOnce());
        Json.put(about, "name", Text.id(realm.name()));
        Json.put(about, "frontend_url", Text.cut(realm.frontendUrl(), Text.MAX_PATH));
        String user = question.user();
        if (user == null && question.owner()) {
            user = Text.id(realm.sessions().owner(question.sessions().iterator().next()));
        }
        if (user != null && question.standing()) {
            person(user, stored);
        }
        List<ObjectNode> rosters = rosters(user, room);
        clients();
        return pack(rosters, room);
    }

    private void person(String id, StoreAnswer stored) {
        ObjectNode person = head.putObject("user").put("user", id);
        User user = stored != null ? stored.user() : realm.users().byId(id);
        if (user == null) {
            person.put("gone", true);
        } else {
            person.put("enabled", user.enabled()).put("offline_access", user.offlineAccess())
                    .put("not_before", user.notBefore());
        }
        Json.put(person, "store", stored != null ? stored.store() : user == null ? null : Text.id(user.store()));
    }

    private List<ObjectNode> rosters(String user, int room) {
        if (user == null) {
            if (question.sessions().isEmpty()) {
                return List.of();
            }
            List<OfflineSession> rows = realm.sessions().named(question.sessions());
            alsoAbout(rows);
            return Roster.ofSessions(null, question.sessions(), rows, room);
        }
        SessionRows.Listing all = realm.sessions().ofUser(user);
        alsoAbout(all.sessions());
        return Roster.ofUser(user, all, question.sessions(), realm.sessions()::named, room);
    }

    /**
     * A look at sessions alone says nothing of their clients: whether they may have offline tokens is three more
     * statements, and half a look at a client would count as a whole one.
     */
    private void alsoAbout(List<OfflineSession> rows) {
        if (question.standing()) {
            rows.forEach(row -> clients.add(row.client()));
        }
    }

    /** A client that is unknown by its client_id has no UUID to be told by. */
    private void clients() {
        realm.clients().byClientId(question.clientIds()).values().forEach(c -> clients.add(c.getId()));
        List<String> some = clients.stream().filter(Answer::hasRow).limit(MAX_CLIENTS).toList();
        if (some.isEmpty()) {
            return;
        }
        Map<String, ClientModel> known = realm.clients().byUuid(some);
        Set<String> offline = realm.clients().withOfflineAccess(known.values());
        ArrayNode out = head.putArray("clients");
        for (String uuid : some) {
            ObjectNode client = out.addObject().put("client", uuid);
            ClientModel model = known.get(uuid);
            if (model == null) {
                client.put("gone", true);
                continue;
            }
            Json.put(client, "client_id", Text.id(model.getClientId()));
            client.put("enabled", model.isEnabled()).put("not_before", Math.max(0, model.getNotBefore()))
                    .put("offline_access", offline.contains(uuid)).put("consent_required", model.isConsentRequired());
        }
    }

    private static boolean hasRow(String client) {
        return StorageId.isLocalStorage(client);
    }

    /** The first part tells of realm, user and clients, each of as many rosters as fit. */
    private List<ObjectNode> pack(List<ObjectNode> rosters, int room) {
        List<ObjectNode> parts = new ArrayList<>(List.of(head));
        ObjectNode part = head;
        int left = room - Json.bytes(head).length;
        for (ObjectNode roster : rosters) {
            int size = Json.bytes(roster).length + 16; // With the member's own name, once.
            if (size > left || part.path("rosters").size() >= MAX_ROSTERS) {
                part = Json.MAPPER.createObjectNode();
                parts.add(part);
                left = room;
            }
            part.withArray("/rosters").add(roster);
            left -= size;
        }
        return parts;
    }
}
