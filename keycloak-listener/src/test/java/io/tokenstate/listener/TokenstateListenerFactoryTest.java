package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.keycloak.Config;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.models.utils.PostMigrationEvent;
import org.keycloak.provider.ProviderEventListener;

class TokenstateListenerFactoryTest {
    private final List<ProviderEventListener> registered = new ArrayList<>();

    private TokenstateListenerFactory started(Map<String, String> options) {
        Set<String> names = options.keySet().stream().map(name -> "kc.spi-events-listener--tokenstate--" + name)
                .collect(Collectors.toSet());
        TokenstateListenerFactory factory = new TokenstateListenerFactory();
        factory.init(Keycloak.with(Config.Scope.class, (name, args) -> switch (name) {
            case "get" -> options.get((String) args[0]);
            case "getPropertyNames" -> names;
            default -> throw new AssertionError("the options were asked for " + name);
        }));
        factory.postInit(Keycloak.with(KeycloakSessionFactory.class, (name, args) -> switch (name) {
            case "register" -> registered.add((ProviderEventListener) args[0]) ? null : null;
            case "create" -> throw new IllegalStateException("the database is away");
            default -> throw new AssertionError("Keycloak was asked for " + name);
        }));
        return factory;
    }

    /** A worker that finds no resource asks the admin REST API, which keeps sessions alive that have been logged out. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {"realms | demo", "nats-password | without a user", "nats-ca | /none"})
    void withoutNatsItHearsNothingAndServesTheResource(String name, String value) {
        TokenstateListenerFactory factory = started(Map.of(name, value, "node", "kc1"));
        assertInstanceOf(NoListener.class, factory.create(Keycloak.with(KeycloakSession.class, (method, args) -> null)));
        assertNotNull(factory.looker());
        assertEquals("kc1", factory.options().node);
        registered.forEach(r -> r.onEvent(new PostMigrationEvent(null)));
        assertNotNull(factory.looker(), "a database that is away at the start comes back");
        factory.close();
        assertNull(factory.looker());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"realms | demo=My Alias", "realm | demo"})
    void whatMayBeServedMustBeKnown(String name, String value) {
        assertNull(started(Map.of(name, value)).looker());
    }

    @Test
    void aKeycloakThatLacksWhatALookNeedsServesNothing() {
        TokenstateListenerFactory factory = new TokenstateListenerFactory();
        factory.init(Keycloak.with(Config.Scope.class, (name, args) -> null));
        factory.postInit(Keycloak.with(KeycloakSessionFactory.class, (name, args) -> {
            if (name.equals("create")) {
                throw new NoClassDefFoundError("org/keycloak/Moved");
            }
            return name.equals("register") && registered.add((ProviderEventListener) args[0]) ? null : null;
        }));
        registered.forEach(r -> r.onEvent(new PostMigrationEvent(null)));
        assertNull(factory.looker());
    }
}
