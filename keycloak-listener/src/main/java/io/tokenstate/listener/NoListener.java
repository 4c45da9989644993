package io.tokenstate.listener;

import org.keycloak.events.Event;
import org.keycloak.events.EventListenerProvider;
import org.keycloak.events.admin.AdminEvent;

/** What Keycloak gets where the listener is off: it hears nothing and holds nothing. */
final class NoListener implements EventListenerProvider {
    @Override
    public void onEvent(Event event) {
        // Off.
    }

    @Override
    public void onEvent(AdminEvent event, boolean includeRepresentation) {
        // Off.
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
