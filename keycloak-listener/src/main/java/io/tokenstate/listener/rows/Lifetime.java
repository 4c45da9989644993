package io.tokenstate.listener.rows;

import java.time.Duration;
import org.keycloak.models.AuthenticatedClientSessionModel;
import org.keycloak.models.ClientModel;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserSessionModel;
import org.keycloak.models.utils.SessionExpirationUtils;

/**
 * When Keycloak ends an offline session that is not used until then, by the first of its bounds.
 *
 * @param ends seconds; 0: never
 * @param life seconds that this bound gives: from the last use on, or from the beginning
 */
public record Lifetime(long ends, long life) {
    /** Of a session that no bound ends. */
    public static final Lifetime ENDLESS = new Lifetime(0, 0);

    /** Keycloak's own reckoning, for its rules differ by version. A client of a client store has no bounds of its own. */
    static Lifetime of(RealmModel realm, UserSessionModel session, ClientModel client, AuthenticatedClientSessionModel in) {
        boolean remember = session.isRememberMe();
        long began = millis(session.getStarted());
        long used = millis(session.getLastSessionRefresh());
        Lifetime first = ENDLESS
                .or(SessionExpirationUtils.calculateUserSessionIdleTimestamp(true, remember, used, realm), used)
                .or(SessionExpirationUtils.calculateUserSessionMaxLifespanTimestamp(true, remember, began, realm), began);
        if (client == null) {
            return first;
        }
        long clientBegan = millis(in.getStarted());
        long clientUsed = millis(in.getTimestamp());
        return first
                .or(SessionExpirationUtils.calculateClientSessionIdleTimestamp(true, remember, clientUsed, realm, client),
                        clientUsed)
                .or(SessionExpirationUtils.calculateClientSessionMaxLifespanTimestamp(true, remember, clientBegan, began,
                        realm, client), clientBegan);
    }

    /** @param end milliseconds; not positive: there is no such bound */
    private Lifetime or(long end, long from) {
        long at = Duration.ofMillis(end).toSeconds();
        if (at <= 0 || ends > 0 && ends <= at) {
            return this;
        }
        return new Lifetime(at, Math.max(0, at - Duration.ofMillis(from).toSeconds()));
    }

    private static long millis(int seconds) {
        return Duration.ofSeconds(seconds).toMillis();
    }
}
