package io.tokenstate.listener;

import java.util.List;
import java.util.stream.Stream;
import org.keycloak.events.EventListenerProviderFactory;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.models.RealmModel;
import org.keycloak.models.utils.KeycloakModelUtils;

/**
 * Whether this Keycloak tells us of every realm that we are to publish. Since 26.1 a listener may be global; before, a
 * realm must list it in {@code eventsListeners}, and one that does not is silent to us however much happens in it. A
 * heartbeat would then claim that all is known.
 */
final class Hearing {
    private final KeycloakSessionFactory keycloak;
    private final Realms realms;
    private final boolean complete;

    Hearing(KeycloakSessionFactory keycloak, Options options) {
        this.keycloak = keycloak;
        realms = options.realms;
        // Whoever switched global off wants to hear only what is listed.
        complete = knowsGlobal(EventListenerProviderFactory.class) || !options.global;
    }

    /** Whether Keycloak's own interface of listeners knows global ones. */
    static boolean knowsGlobal(Class<?> factory) {
        try {
            factory.getMethod("isGlobal");
            return true;
        } catch (NoSuchMethodException e) {
            return false;
        }
    }

    /** Names of realms that are to be published, or hold the deletion of such a realm, and do not list us. */
    List<String> deaf() {
        if (complete) {
            return List.of();
        }
        return KeycloakModelUtils.runJobInTransactionWithResult(keycloak, session -> {
            try (Stream<RealmModel> all = session.realms().getRealmsStream()) {
                return all.filter(r -> realms.concern(r.getName()))
                        .filter(r -> r.getEventsListenersStream().noneMatch(TokenstateListenerFactory.ID::equals))
                        .map(RealmModel::getName).sorted().toList();
            }
        });
    }
}
