package io.tokenstate.listener;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.keycloak.models.ClientModel;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.models.UserModel;
import org.keycloak.models.UserSessionModel;
import org.keycloak.models.utils.KeycloakModelUtils;

/**
 * Takes looks: what is true of a user, client, session or realm, in a transaction of its own that begins after the
 * event's commit and is rolled back, so that a look never changes anything in Keycloak.
 */
final class Looker implements Sight {
    /** Of the 64 KiB of a message, headers and envelope not counted. */
    private static final int BUDGET = 60_000;
    private static final int MAX_CLIENTS = 256;
    private static final String NOBODY = "00000000-0000-4000-8000-000000000000";

    private final KeycloakSessionFactory keycloak;
    private final Envelope envelope;

    Looker(KeycloakSessionFactory keycloak, Envelope envelope) {
        this.keycloak = keycloak;
        this.envelope = envelope;
    }

    @Override
    public CompletableFuture<List<Message>> look(LookQueue.Look look) {
        // Before the transaction begins: a look must never claim to be later than it was.
        long at = System.currentTimeMillis();
        try {
            ObjectNode seen = inTransaction(s -> see(new View(s, look.subject().realmName()), look));
            return CompletableFuture.completedFuture(
                    List.of(envelope.observation(look.subject(), look.causes(), at, seen)));
        } catch (RuntimeException | LinkageError e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public Happened withClient(Happened h, String realmName) {
        if ((h.client() == null) == (h.clientId() == null)) {
            return h; // Nothing to resolve, or all known.
        }
        return inTransaction(s -> {
            View view = new View(s, realmName);
            ClientModel client = !view.exists() ? null
                    : h.client() != null ? view.client(h.client()) : view.clientById(h.clientId());
            return client == null ? h : h.withClient(client.getId(), Text.id(client.getClientId()));
        });
    }

    @Override
    public void rehearse() {
        inTransaction(s -> {
            View view = new View(s, "master");
            if (view.exists()) {
                view.enabled();
                view.client(NOBODY);
                view.clientById(NOBODY);
                view.user(NOBODY);
                view.offline(NOBODY);
                view.online(NOBODY);
            }
            return null;
        });
    }

    private <T> T inTransaction(Function<KeycloakSession, T> job) {
        return KeycloakModelUtils.runJobInTransactionWithResult(keycloak, session -> {
            session.getTransactionManager().setRollbackOnly();
            return job.apply(session);
        });
    }

    private static ObjectNode see(View view, LookQueue.Look look) {
        ObjectNode out = Json.MAPPER.createObjectNode();
        if (!view.exists()) {
            out.putObject("realm").put("gone", true);
            return out;
        }
        out.putObject("realm").put("enabled", view.enabled()).put("not_before", view.notBefore());
        Set<String> clients = clientsOf(view, look);
        String id = look.subject().id();
        switch (look.subject().kind()) {
            case USER -> person(view, look, id, null, clients, out);
            case SESSION -> session(view, look, id, clients, out);
            default -> clients(view, clients, out);
        }
        return out;
    }

    private static void session(View view, LookQueue.Look look, String sid, Set<String> clients, ObjectNode out) {
        UserSessionModel offline = view.offline(sid);
        List<Roster.Row> rows = offline == null ? List.of() : view.rows(offline);
        rows.forEach(r -> clients.add(r.client()));
        ObjectNode roster = Roster.ofSession(sid, rows, BUDGET / 3);
        String owner = owner(view, look, offline, sid);
        if (owner != null) {
            person(view, look, owner, roster, clients, out);
            return;
        }
        clients(view, clients, out);
        out.putArray("rosters").add(roster);
    }

    /** As an event told before the session was gone; else the session, or an online one of that id, must tell. */
    private static String owner(View view, LookQueue.Look look, UserSessionModel offline, String sid) {
        for (Cause c : look.causes()) {
            if (c.user() != null) {
                return c.user();
            }
        }
        UserSessionModel any = offline != null ? offline : view.online(sid);
        UserModel user = any == null ? null : any.getUser();
        return user == null ? null : user.getId();
    }

    /** @param first a roster to set before the user's own, or null */
    private static void person(View view, LookQueue.Look look, String id, ObjectNode first, Set<String> clients,
                               ObjectNode out) {
        ObjectNode person = out.putObject("user").put("user", id);
        UserModel user = view.user(id);
        ArrayNode rosters = Json.MAPPER.createArrayNode();
        if (first != null) {
            rosters.add(first);
        }
        if (user == null) {
            person.put("gone", true);
            clients(view, clients, out);
        } else {
            person.put("enabled", user.isEnabled()).put("offline_access", view.offlineAccess(user))
                    .put("not_before", view.notBefore(user));
            List<Roster.Row> rows = view.offline(user);
            rows.forEach(r -> clients.add(r.client()));
            clients(view, clients, out);
            List<String> named = look.causes().stream().map(Cause::session).filter(Objects::nonNull).toList();
            int left = BUDGET - Json.bytes(out).length - Json.bytes(Envelope.causes(look.causes())).length
                    - Json.bytes(rosters).length;
            rosters.addAll(Roster.ofUser(id, rows, named, view::rows, left));
        }
        if (!rosters.isEmpty()) {
            out.set("rosters", rosters);
        }
    }

    /** UUIDs of the clients that the subject and the causes are about. */
    private static Set<String> clientsOf(View view, LookQueue.Look look) {
        Set<String> out = new LinkedHashSet<>();
        if (look.subject().kind() == Subject.Kind.CLIENT) {
            out.add(look.subject().id());
        }
        for (Cause c : look.causes()) {
            ClientModel named = c.client() == null && c.clientId() != null ? view.clientById(c.clientId()) : null;
            if (c.client() != null || named != null) {
                out.add(named != null ? named.getId() : c.client());
            }
        }
        return out;
    }

    private static void clients(View view, Set<String> uuids, ObjectNode out) {
        if (uuids.isEmpty()) {
            return;
        }
        ArrayNode clients = out.putArray("clients");
        uuids.stream().limit(MAX_CLIENTS).forEach(uuid -> {
            ClientModel client = view.client(uuid);
            ObjectNode c = clients.addObject().put("client", uuid);
            if (client == null) {
                c.put("gone", true);
                return;
            }
            if (Text.id(client.getClientId()) != null) {
                c.put("client_id", client.getClientId());
            }
            c.put("enabled", client.isEnabled()).put("not_before", Math.max(0, client.getNotBefore()));
        });
    }
}
