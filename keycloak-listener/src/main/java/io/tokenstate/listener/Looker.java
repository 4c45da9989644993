package io.tokenstate.listener;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tokenstate.listener.rows.RealmRows;
import io.tokenstate.listener.rows.Rows;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.keycloak.models.ClientModel;
import org.keycloak.models.KeycloakSessionFactory;

/**
 * Takes looks: what is true of a user, client, session or realm, in a transaction that begins after the event's
 * commit. A look reads Keycloak's database and nothing else, so it changes nothing in Keycloak.
 */
final class Looker implements Sight {
    private static final int MILLIS_TO_WAIT = 5;
    private static final String NOBODY = "00000000-0000-4000-8000-000000000000";

    private final KeycloakSessionFactory keycloak;
    private final Stores stores;
    private final Envelope envelope;
    private final Complaints complaints;

    Looker(KeycloakSessionFactory keycloak, Stores stores, Envelope envelope, Complaints complaints) {
        this.keycloak = keycloak;
        this.stores = stores;
        this.envelope = envelope;
        this.complaints = complaints;
    }

    /**
     * One transaction for all looks that read rows only. They are there when this returns; a look at a user whom only a
     * user store knows is handed over by the store's thread.
     */
    @Override
    public List<CompletableFuture<List<Message>>> look(List<LookQueue.Look> looks) {
        Map<LookQueue.Look, List<Message>> seen = together(looks.stream().filter(Looker::readsRows).toList());
        return looks.stream().map(look -> seen.containsKey(look)
                ? CompletableFuture.completedFuture(seen.get(look)) : alone(look)).toList();
    }

    private static boolean readsRows(LookQueue.Look look) {
        Question question = Question.of(look);
        return !question.standing() || !Stores.own(question.user());
    }

    /** Nothing if anything fails: after an error the database answers nothing more in that transaction to anybody. */
    private Map<LookQueue.Look, List<Message>> together(List<LookQueue.Look> looks) {
        if (looks.size() < 2) {
            return Map.of();
        }
        // Before the transaction begins: a look must never claim to be later than it was.
        long at = after(looks);
        Map<LookQueue.Look, List<Message>> seen = new IdentityHashMap<>();
        try {
            String realmName = looks.get(0).subject().realmName();
            Map<LookQueue.Look, List<ObjectNode>> parts = Rows.read(keycloak, rows -> Batch.answer(looks, rows.realm(realmName)));
            parts.forEach((look, all) -> seen.put(look, messages(look, at, all)));
            return seen;
        } catch (RuntimeException | LinkageError e) {
            complaints.warn("looks that were taken together failed, each is taken alone", e);
            return Map.of();
        }
    }

    private CompletableFuture<List<Message>> alone(LookQueue.Look look) {
        long at = after(List.of(look));
        try {
            return see(look.subject().realmName(), Question.of(look), Batch.room(look)).thenApply(parts -> messages(look, at, parts));
        } catch (RuntimeException | LinkageError e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /**
     * The time, once it is later than the millisecond by which the last cause was committed. Another event may have been
     * committed in the same one, after a look that began in it, and would count as seen. The wait has a bound, since a
     * clock may be set back.
     */
    private static long after(List<LookQueue.Look> looks) {
        long last = looks.stream().flatMap(look -> look.causes().stream()).mapToLong(Cause::committedBy).max().orElse(0);
        long now = System.currentTimeMillis();
        for (int i = 0; now <= last && i < MILLIS_TO_WAIT; i++) {
            LockSupport.parkNanos(1_000_000);
            now = System.currentTimeMillis();
        }
        return now;
    }

    /** What is seen, in parts that each fit into a message without causes; throws or fails with what Keycloak threw. */
    CompletableFuture<List<ObjectNode>> see(String realmName, Question question) {
        return see(realmName, question, Batch.BUDGET);
    }

    private CompletableFuture<List<ObjectNode>> see(String realmName, Question question, int room) {
        if (question.standing() && Stores.own(question.user())) {
            return stores.ask(realmName, question.user()).thenApply(answer -> read(realmName, question, answer, room));
        }
        return CompletableFuture.completedFuture(read(realmName, question, null, room));
    }

    private List<ObjectNode> read(String realmName, Question question, StoreAnswer stored, int room) {
        return Rows.read(keycloak, rows -> Answer.to(question, rows.realm(realmName), stored, room));
    }

    /** Every part lists the causes, for it settles only what it shows. */
    private List<Message> messages(LookQueue.Look look, long at, List<ObjectNode> parts) {
        return parts.stream().map(part -> envelope.observation(look.subject(), look.causes(), at, part)).toList();
    }

    /**
     * The event with both names of its client, as far as they can still be told. Only where the client matters: a grant
     * that was revoked concerns one client of its session, and an event about a client concerns nothing else.
     */
    @Override
    public Happened withClient(Happened h, String realmName) {
        if ((h.client() == null) == (h.clientId() == null) || !concernsClient(h)) {
            return h; // All known, nothing to resolve, or of no use.
        }
        Map<String, ClientModel> found = Rows.read(keycloak, rows -> {
            RealmRows realm = rows.realm(realmName);
            return realm == null ? Map.of() : new LinkedHashMap<>(h.client() != null
                    ? realm.clients().byUuid(Set.of(h.client())) : realm.clients().byClientId(Set.of(h.clientId())));
        });
        return found.values().stream().findFirst()
                .map(client -> h.withClient(client.getId(), Text.id(client.getClientId()))).orElse(h);
    }

    private static boolean concernsClient(Happened h) {
        return h.kind() == Happened.Kind.ADMIN || h.naming() == Happened.Naming.CLIENT_OF_SESSION || h.type().equals(Types.REVOKE_GRANT)
                || h.type().equals(Types.CLIENT_UPDATE) || h.type().equals(Types.CLIENT_DELETE);
    }

    /** Asks every question once, so that a Keycloak without one of our ways in is noticed at its start. */
    void rehearse() {
        Rows.read(keycloak, rows -> {
            RealmRows master = rows.realm("master");
            Set<String> nobody = Set.of(NOBODY);
            Answer.to(new Question(null, false, true, nobody, nobody, nobody), master, null, Batch.BUDGET);
            Answer.to(new Question(NOBODY, true, false, Set.of(), Set.of(), Set.of()), master, null, Batch.BUDGET);
            if (master != null) {
                master.sessions().gather(nobody);
                master.users().after("", 1);
                // Every realm has this client, and not every role is in its scope: all of the questions are asked.
                master.clients().withOfflineAccess(master.clients().byClientId(Set.of("account")).values());
                master.sessions().ofClient(NOBODY, "", 1);
            }
            return rows.ownerOfOffline(NOBODY, NOBODY);
        });
    }
}
