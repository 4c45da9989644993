package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.keycloak.events.EventListenerProviderFactory;

class HearingTest {
    /** As Keycloak 26.0 has it. What follows from it is tried on the real one (docs/keycloak-versions.md). */
    interface FactoryOf260 {
    }

    @Test
    void knowsWhetherThisKeycloakHasGlobalListeners() {
        assertTrue(Hearing.knowsGlobal(EventListenerProviderFactory.class));
        assertFalse(Hearing.knowsGlobal(FactoryOf260.class));
    }

    @Test
    void theAdministratorsRealmConcernsUsAsWell() {
        Realms some = Realms.parse("One=one", new ArrayList<>());
        assertTrue(some.concern("One"));
        assertTrue(some.concern("master"));
        assertFalse(some.concern("Two"));
    }
}
