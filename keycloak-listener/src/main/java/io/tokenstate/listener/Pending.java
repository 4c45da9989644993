package io.tokenstate.listener;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.keycloak.models.AbstractKeycloakTransaction;
import org.keycloak.models.KeycloakSession;

/**
 * What was told in one Keycloak session, kept until its transaction is over and then handed over. What is rolled back
 * has not happened and is forgotten. There is one for all listeners of a session, for Keycloak makes several of them.
 *
 * <p>After-commit tasks run in the order in which they were enlisted, and one of them is Keycloak's own removal of a
 * session. An action removes first and tells then, so this is enlisted with the first event and not before. Events
 * between Keycloak's own parts come in the middle of an action, so after one of them it is enlisted once more, with the
 * first event that comes when the action is done, and the later of the two hands over.
 */
final class Pending {
    /** Events of one transaction and realm that are told one by one; more of them are one doubt about the realm. */
    static final int MAX = 1_000;

    private static final String ATTRIBUTE = "tokenstate.pending";

    private final Intake engine;
    private final Complaints complaints;
    private final List<Happened> events = new ArrayList<>();
    private final Map<Subject, Happened> provider = new LinkedHashMap<>();
    private final Map<String, Happened> tooMany = new LinkedHashMap<>();
    private long unseen;
    private AfterCommit last;
    private boolean done;

    private Pending(Intake engine, Complaints complaints) {
        this.engine = engine;
        this.complaints = complaints;
    }

    /** Keeps what was told in this session's transaction. Where there is none, or it is over, it has happened. */
    static void keep(KeycloakSession session, Happened h, Intake engine, Complaints complaints) {
        Pending all = session == null ? null : session.getAttribute(ATTRIBUTE, Pending.class);
        if (all == null) {
            all = new Pending(engine, complaints);
        }
        if (session == null || !all.enlist(session, h)) {
            engine.accept(h);
            return;
        }
        session.setAttribute(ATTRIBUTE, all);
        all.add(h);
    }

    /** False when it is too late: this Keycloak session's transaction is over, or there is none. */
    private boolean enlist(KeycloakSession session, Happened h) {
        if (done || !session.getTransactionManager().isActive()) {
            return false;
        }
        boolean again = last != null && last.early && h.kind() != Happened.Kind.PROVIDER;
        if (last != null && !again) {
            return true;
        }
        if (last == null) {
            // Keycloak writes sessions in a transaction of its own, which its session provider enlists when it is
            // made. Were ours before that, a look could come between and see what has ended.
            session.sessions();
        }
        AfterCommit next = new AfterCommit(h.kind() == Happened.Kind.PROVIDER);
        try {
            session.getTransactionManager().enlistAfterCompletion(next);
        } catch (IllegalStateException e) {
            return last != null; // An after-commit task tells it, while the transaction still counts as active.
        }
        last = next;
        return true;
    }

    private void add(Happened h) {
        if (h.kind() == Happened.Kind.PROVIDER && h.subject() != null) {
            addProvider(h);
        } else if (events.size() < MAX) {
            events.add(h);
        } else {
            overflow(h);
        }
    }

    /** One for each subject, the one that says most: all but a removal do no more than make us look. */
    private void addProvider(Happened h) {
        Happened before = provider.get(h.subject());
        if (before == null && provider.size() >= MAX) {
            overflow(h);
        } else if (before == null || !ProviderEvents.isRemoval(before)
                || h.type().equals(ProviderEvents.USER_REMOVED)) {
            provider.put(h.subject(), h);
        }
    }

    private void overflow(Happened h) {
        String name = h.subject() == null ? null : h.subject().realmName();
        if (name == null) {
            unseen++; // Nobody is to be looked at for it, but it happened.
            return;
        }
        Happened before = tooMany.get(h.realm());
        long count = before == null ? 1 : Long.parseLong(before.details().get("count")) + 1;
        tooMany.put(h.realm(), Happened.provider(ProviderEvents.MANY_EVENTS, h.at(),
                new Subject(name, h.realm(), Subject.Kind.REALM, ""), null, Map.of("count", Long.toString(count))));
    }

    /** An exception here would turn a request that has been done into a 500. */
    private void handOver() {
        done = true;
        try {
            AlreadyTold told = new AlreadyTold(events);
            events.forEach(this::handOver);
            provider.values().stream().filter(h -> !told.covers(h)).forEach(this::handOver);
            tooMany.values().forEach(this::handOver);
            if (unseen > 0) {
                engine.lost(unseen);
            }
        } catch (Throwable t) {
            engine.lost(events.size() + provider.size() + tooMany.size());
            complaints.warn("committed events could not be handed over", t);
        }
        forget();
    }

    private void handOver(Happened h) {
        try {
            engine.accept(h);
        } catch (Throwable t) {
            engine.lost(1);
            complaints.warn("a committed event could not be taken in", t);
        }
    }

    private void forget() {
        done = true;
        events.clear();
        provider.clear();
        tooMany.clear();
    }

    private final class AfterCommit extends AbstractKeycloakTransaction {
        private final boolean early;

        AfterCommit(boolean early) {
            this.early = early;
        }

        @Override
        protected void commitImpl() {
            if (this == last) {
                handOver();
            }
        }

        @Override
        protected void rollbackImpl() {
            forget();
        }
    }
}
