package io.tokenstate.listener;

import jakarta.ws.rs.NotAuthorizedException;
import org.keycloak.Config;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.RoleModel;
import org.keycloak.models.UserModel;
import org.keycloak.services.managers.AppAuthManager;
import org.keycloak.services.managers.AuthenticationManager;

/** Who may ask the resource: a service account of the administrators' realm that has the role for it, and nobody else. */
final class Access {
    /** A realm role of the administrators' realm. */
    static final String ROLE = "tokenstate-reader";

    private Access() {
    }

    static void check(KeycloakSession session) {
        RealmModel realm = session.getContext().getRealm();
        if (realm == null || !Config.getAdminRealm().equals(realm.getName())) {
            throw new Refusal(404, "not-here", "ask under /realms/" + Config.getAdminRealm() + "/tokenstate");
        }
        UserModel user = caller(session, realm);
        if (user == null) {
            throw new Refusal(401, "unauthorized", "a bearer token of the realm " + realm.getName() + " is needed");
        }
        check(user, realm.getRole(ROLE));
    }

    static void check(UserModel user, RoleModel role) {
        if (user.getServiceAccountClientLink() == null || role == null || !user.hasRole(role)) {
            throw new Refusal(403, "forbidden", "give the realm role " + ROLE + " to the caller's service account");
        }
    }

    private static UserModel caller(KeycloakSession session, RealmModel realm) {
        try {
            AuthenticationManager.AuthResult result =
                    new AppAuthManager.BearerTokenAuthenticator(session).setRealm(realm).authenticate();
            return result == null ? null : result.getUser();
        } catch (NotAuthorizedException e) {
            return null; // An Authorization header of another kind.
        }
    }
}
