package io.tokenstate.listener.rows;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Proxy;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.keycloak.models.AuthenticatedClientSessionModel;
import org.keycloak.models.ClientModel;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserSessionModel;

class LifetimeTest {
    private static final int DAY = 86_400;
    private static final int BEGAN = 1_000_000;
    private static final int USED = BEGAN + 3 * DAY;

    /** What is not named is 0, false or null, as with Keycloak's models. */
    private static <T> T model(Class<T> type, Map<String, Object> answers) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> {
            String asked = method.getName() + (args == null ? "" : "(" + args[0] + ")");
            if (answers.containsKey(asked)) {
                return answers.get(asked);
            }
            return method.getReturnType() == int.class ? (Object) 0 : method.getReturnType() == boolean.class ? false : null;
        }));
    }

    private static Lifetime of(Map<String, Object> realm, Map<String, Object> client) {
        UserSessionModel session = model(UserSessionModel.class, Map.of("getStarted", BEGAN, "getLastSessionRefresh", USED));
        AuthenticatedClientSessionModel in = model(AuthenticatedClientSessionModel.class,
                Map.of("getStarted", BEGAN + DAY, "getTimestamp", USED - DAY));
        return Lifetime.of(model(RealmModel.class, realm), session,
                client == null ? null : model(ClientModel.class, client), in);
    }

    @Test
    void theFirstBoundEndsIt() {
        Map<String, Object> idle = Map.of("getOfflineSessionIdleTimeout", 30 * DAY);
        assertEquals(new Lifetime(USED + 30 * DAY, 30 * DAY), of(idle, null));
        assertEquals(new Lifetime(USED + 29 * DAY, 30 * DAY), of(idle, Map.of()), "the client's session was used before");
        assertEquals(new Lifetime(USED + 6 * DAY, 7 * DAY),
                of(idle, Map.of("getAttribute(client.offline.session.idle.timeout)", String.valueOf(7 * DAY))));
        Map<String, Object> both = Map.of("getOfflineSessionIdleTimeout", 30 * DAY, "isOfflineSessionMaxLifespanEnabled", true,
                "getOfflineSessionMaxLifespan", 20 * DAY);
        assertEquals(new Lifetime(BEGAN + 20 * DAY, 20 * DAY), of(both, null), "from its beginning, however it was used");
    }
}
