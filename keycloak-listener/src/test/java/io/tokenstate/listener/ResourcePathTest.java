package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResourcePathTest {
    @ParameterizedTest
    @CsvSource(nullValues = "-", value = {
        "users/u1, u1, -, -, -",
        "users/u1/logout, u1, -, -, -",
        "users/u1/role-mappings/clients/c1, u1, -, -, -",
        "users/u1/consents/app, u1, -, -, app",
        "users/u1/consents/https://app/x%20y/z, u1, -, -, https://app/x%20y/z",
        "users/u1/consents, u1, -, -, -",
        "users/f:s:a/b/c, f:s:a/b/c, -, -, -",
        "users/f:s:a/b/consents/https://x/y, f:s:a/b, -, -, https://x/y",
        "users/f:s:ann/logout, f:s:ann, -, -, -",
        "sessions/s1, -, s1, -, -",
        "clients/c1, -, -, c1, -",
        "clients/c1/default-client-scopes/x, -, -, c1, -",
        "organizations/o/members/u1, u1, -, -, -",
        "organizations/o/members, -, -, -, -",
        "groups/g/role-mappings/realm, -, -, -, -",
        "logout-all, -, -, -, -",
        "users, -, -, -, -",
        "users/, -, -, -, -",
        "clients, -, -, -, -",
        "/, -, -, -, -",
    })
    void parses(String path, String user, String session, String client, String clientId) {
        assertEquals(new ResourcePath(user, session, client, clientId), ResourcePath.of(path));
    }

    @Test
    void nothingFromNothing() {
        ResourcePath none = new ResourcePath(null, null, null, null);
        assertEquals(none, ResourcePath.of(null));
        assertEquals(none, ResourcePath.of(""));
        assertEquals(none, ResourcePath.of("users/" + "x".repeat(300)));
    }
}
