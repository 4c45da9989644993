package io.tokenstate.listener;

import org.keycloak.events.Event;
import org.keycloak.events.EventListenerProvider;
import org.keycloak.events.admin.AdminEvent;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;

/**
 * The listener of one Keycloak session: makes extracts of its events, which {@link Pending} keeps until the request
 * committed. It keeps nothing for {@link #close()}: the admin API's event builder asks the factory for instances that
 * nobody ever closes.
 */
final class TokenstateListenerProvider implements EventListenerProvider {
    private final KeycloakSession session;
    private final Extractor extractor;
    private final Intake engine;
    private final Complaints complaints;

    TokenstateListenerProvider(KeycloakSession session, Extractor extractor, Intake engine, Complaints complaints) {
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
            lost("an event could not be read", t);
        }
    }

    @Override
    public void onEvent(AdminEvent event, boolean includeRepresentation) {
        try {
            String realm = realmName(event.getRealmName(), event.getRealmId());
            keep(owned(extractor.admin(event, realm, includeRepresentation, Removed.of(session)), event.getRealmId()));
        } catch (Throwable t) {
            lost("an admin event could not be read", t);
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

    private void lost(String what, Throwable t) {
        engine.lost(1);
        complaints.warn(what, t);
    }

    private void keep(Happened h) {
        if (h != null) {
            Pending.keep(session, h.withTrace(Tracing.current()), engine, complaints);
        }
    }

    private String realmName(String told, String id) {
        if (told != null || id == null) {
            return told;
        }
        RealmModel realm = session.realms().getRealm(id);
        return realm == null ? null : realm.getName();
    }
}
