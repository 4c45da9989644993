package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.keycloak.common.Profile;

class PagesTest {
    private final Keycloak keycloak = new Keycloak().rows("RealmEntity", "r1");
    private final Pages pages = new Pages(keycloak.factory());

    @BeforeAll
    static void profile() {
        Profile.defaults();
    }

    @Test
    void aFullPageNamesWhereTheNextBegins() {
        keycloak.rows("UserEntity u", new Object[] {"u1", true, 5, null}, new Object[] {"u2", false, 0, "ldap-1"})
                .rows("RoleEntity r where", "offline").rows("UserRoleMappingEntity", "u2");
        JsonNode page = pages.users("Demo Realm", "", 2);
        assertEquals("u2", page.path("next").asText());
        assertEquals(5, page.at("/users/0/not_before").asInt());
        assertFalse(page.at("/users/0/offline_access").asBoolean());
        assertFalse(page.at("/users/0").has("store"));
        assertTrue(page.at("/users/1/offline_access").asBoolean());
        assertEquals("ldap-1", page.at("/users/1/store").asText());
        assertTrue(pages.users("Demo Realm", "", 3).path("next").isNull(), "the last page");
        assertTrue(keycloak.transaction.contains("setRollbackOnly"));
    }

    /** Who asks for what does not exist must not take it for an empty list. */
    @Test
    void aRealmOrClientThatIsGoneIsAnError() {
        assertEquals("client-gone", assertThrows(Refusal.class, () -> pages.sessions("Demo Realm", "c1", "", 9)).slug());
        keycloak.rows("RealmEntity");
        assertEquals("realm-gone", assertThrows(Refusal.class, () -> pages.users("Demo Realm", "", 9)).slug());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "1001", "-1", "1e2", " 5", "99999999999"})
    void limits(String bad) {
        assertEquals(400, assertThrows(Refusal.class, () -> Pages.limit(bad)).status());
        assertEquals(1000, Pages.limit(null));
        assertEquals(1, Pages.limit("1"));
        assertEquals("", Pages.after(null));
        assertThrows(Refusal.class, () -> Pages.after("a\n"));
        assertThrows(Refusal.class, () -> Pages.id("client", null));
    }
}
