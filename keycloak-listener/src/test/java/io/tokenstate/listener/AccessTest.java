package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.keycloak.models.RoleModel;
import org.keycloak.models.UserModel;

class AccessTest {
    private static UserModel user(String serviceAccountOf, boolean role) {
        return Keycloak.with(UserModel.class, (name, args) -> switch (name) {
            case "getServiceAccountClientLink" -> serviceAccountOf;
            case "hasRole" -> role;
            default -> throw new AssertionError(name);
        });
    }

    @Test
    void onlyAServiceAccountWithTheRole() {
        RoleModel role = Keycloak.with(RoleModel.class, (name, args) -> null);
        assertDoesNotThrow(() -> Access.check(user("c1", true), role));
        for (Runnable refused : new Runnable[] {() -> Access.check(user("c1", false), role),
            () -> Access.check(user(null, true), role), () -> Access.check(user("c1", true), null)}) {
            assertEquals(403, assertThrows(Refusal.class, refused::run).status());
        }
    }
}
