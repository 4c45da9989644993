package io.tokenstate.listener;

import java.util.ArrayList;
import java.util.List;
import org.keycloak.events.Event;
import org.keycloak.events.EventListenerProvider;
import org.keycloak.events.admin.AdminEvent;
import org.keycloak.models.AbstractKeycloakTransaction;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;

/**
 * The listener of one Keycloak session: keeps the extracts of its events until the request committed, and then hands
 * them over. What is rolled back has not happened and is forgotten.
 *
 * <p>It enlists itself with its first event and not before: after-commit tasks run in the order in which they were
 * enlisted, one of them is Keycloak's own removal of a session, and an action removes first and tells then. Keycloak
 * makes its listeners at the beginning of each request; enlisted there, our look came before the removal after 58 of
 * 120 logouts on 26.0.8, and enlisted here after none of 80. It keeps nothing for {@link #close()}: the admin API's
 * event builder asks the factory for instances that nobody ever closes.
 */
final class TokenstateListenerProvider implements EventListenerProvider {
    private final KeycloakSession session;
    private final Extractor extractor;
    private final Engine engine;
    private final Complaints complaints;
    private final List<Happened> pending = new ArrayList<>();
    private boolean enlisted;

    TokenstateListenerProvider(KeycloakSession session, Extractor extractor, Engine engine, Complaints complaints) {
        this.session = session;
        this.extractor = extractor;
        this.engine = engine;
        this.complaints = complaints;
    }

    @Override
    public void onEvent(Event event) {
        try {
            keep(extractor.user(event, realmName(event.getRealmName(), event.getRealmId()), Removed.of(session)));
        } catch (Throwable t) {
            complaints.warn("an event could not be read", t);
        }
    }

    @Override
    public void onEvent(AdminEvent event, boolean includeRepresentation) {
        try {
            String realm = realmName(event.getRealmName(), event.getRealmId());
            keep(owned(extractor.admin(event, realm, includeRepresentation, Removed.of(session)), event.getRealmId()));
        } catch (Throwable t) {
            complaints.warn("an admin event could not be read", t);
        }
    }

    @Override
    public void close() {
        // Nothing to close: see above.
    }

    /** With the owner of the session that an administrator deletes, if it can be told. */
    private Happened owned(Happened h, String realmId) {
        if (h == null || h.subject() == null || h.subject().kind() != Subject.Kind.SESSION) {
            return h;
        }
        try {
            return h.withUser(SessionOwner.of(session, realmId, h.session()));
        } catch (RuntimeException | LinkageError e) {
            complaints.warn("the owner of a deleted session could not be read", e);
            return h;
        }
    }

    private void keep(Happened h) {
        if (h == null) {
            return;
        }
        if (session.getTransactionManager().isActive()) {
            if (!enlisted) {
                // Keycloak writes sessions in a transaction of its own, which its session provider enlists when it is
                // made. Were ours before that, a look could come between: it would see what has ended, and worse, put
                // it back into Keycloak's cache, where it lives on although no list shows it.
                session.sessions();
                session.getTransactionManager().enlistAfterCompletion(new AfterCommit());
                enlisted = true;
            }
            pending.add(h);
        } else {
            engine.accept(h); // Told by an after-commit task: it happened already.
        }
    }

    private String realmName(String told, String id) {
        if (told != null || id == null) {
            return told;
        }
        RealmModel realm = session.realms().getRealm(id);
        return realm == null ? null : realm.getName();
    }

    private final class AfterCommit extends AbstractKeycloakTransaction {
        /** An exception here would turn a request that has been done into a 500. */
        @Override
        protected void commitImpl() {
            try {
                pending.forEach(engine::accept);
            } catch (Throwable t) {
                complaints.warn("committed events could not be taken in", t);
            }
            pending.clear();
        }

        @Override
        protected void rollbackImpl() {
            pending.clear();
        }
    }
}
