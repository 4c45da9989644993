package io.tokenstate.listener.rows;

import java.util.HashMap;
import org.keycloak.models.AuthenticatedClientSessionModel;
import org.keycloak.models.ClientModel;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserSessionModel;
import org.keycloak.models.session.PersistentAuthenticatedClientSessionAdapter;
import org.keycloak.models.session.PersistentClientSessionModel;
import org.keycloak.models.session.PersistentUserSessionAdapter;
import org.keycloak.models.session.PersistentUserSessionModel;
import org.keycloak.storage.StorageId;

/**
 * A user session's row beside one of its client sessions' rows, as models that Keycloak's predicates take. They can be
 * read and not written.
 */
record SessionRow(String sid, String user, int created, int refreshed, String data, boolean rememberMe, String client,
                  int clientRefreshed, String clientData) {

    /** @param row in the order of {@link SessionRows#COLUMNS}, the optional last */
    static SessionRow of(Object[] row) {
        boolean external = "external".equals(row[5]);
        String client = external ? new StorageId((String) row[6], (String) row[7]).getId() : (String) row[5];
        boolean remember = row.length > 10 && Boolean.TRUE.equals(row[10]);
        return new SessionRow((String) row[0], (String) row[1], (Integer) row[2], (Integer) row[3], (String) row[4],
                remember, client, (Integer) row[8], (String) row[9]);
    }

    UserSessionModel session(KeycloakSession keycloak, RealmModel realm) {
        return new PersistentUserSessionAdapter(keycloak, new Session(), realm, user, new HashMap<>());
    }

    AuthenticatedClientSessionModel client(KeycloakSession keycloak, RealmModel realm, ClientModel of,
                                           UserSessionModel within) {
        return new PersistentAuthenticatedClientSessionAdapter(keycloak, new Client(), realm, of, within);
    }

    private static IllegalStateException readOnly() {
        return new IllegalStateException("a look writes nothing");
    }

    private final class Session implements PersistentUserSessionModel {
        @Override
        public String getUserSessionId() {
            return sid;
        }

        @Override
        public int getStarted() {
            return created;
        }

        @Override
        public int getLastSessionRefresh() {
            return refreshed;
        }

        @Override
        public boolean isOffline() {
            return true;
        }

        @Override
        public String getData() {
            return data;
        }

        @Override
        public boolean isRememberMe() {
            return rememberMe;
        }

        @Override
        public void setUserSessionId(String value) {
            throw readOnly();
        }

        @Override
        public void setStarted(int value) {
            throw readOnly();
        }

        @Override
        public void setLastSessionRefresh(int value) {
            throw readOnly();
        }

        @Override
        public void setOffline(boolean value) {
            throw readOnly();
        }

        @Override
        public void setData(String value) {
            throw readOnly();
        }

        @Override
        public void setRealmId(String value) {
            throw readOnly();
        }

        @Override
        public void setUserId(String value) {
            throw readOnly();
        }

        @Override
        public void setBrokerSessionId(String value) {
            throw readOnly();
        }

        @Override
        public void setRememberMe(boolean value) {
            throw readOnly();
        }
    }

    private final class Client implements PersistentClientSessionModel {
        @Override
        public String getUserSessionId() {
            return sid;
        }

        @Override
        public String getClientId() {
            return client;
        }

        @Override
        public int getTimestamp() {
            return clientRefreshed;
        }

        @Override
        public String getData() {
            return clientData;
        }

        @Override
        public void setUserSessionId(String value) {
            throw readOnly();
        }

        @Override
        public void setClientId(String value) {
            throw readOnly();
        }

        @Override
        public void setTimestamp(int value) {
            throw readOnly();
        }

        @Override
        public void setData(String value) {
            throw readOnly();
        }
    }
}
