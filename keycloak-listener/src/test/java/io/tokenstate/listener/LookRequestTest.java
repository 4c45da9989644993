package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LookRequestTest {
    private static LookRequest read(String body) {
        return LookRequest.read(new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)));
    }

    private static String sids(int n) {
        return IntStream.range(0, n).mapToObj(i -> "\"s" + i + "\"").collect(Collectors.joining(","));
    }

    @Test
    void aUserAndHisNamedSessionsAreTwoQuestions() {
        List<Question> q = read("{\"realm\":\"Demo Realm\",\"user\":\"u1\",\"client\":\"c1\",\"sessions\":[\"s1\",\"s2\"]}")
                .questions();
        assertEquals("u1", q.get(0).user());
        assertTrue(q.get(0).standing());
        assertEquals(Set.of("c1"), q.get(0).clients());
        assertNull(q.get(1).user());
        assertEquals(Set.of("s1", "s2"), q.get(1).sessions());
        assertEquals(2, q.size());
    }

    @Test
    void theRealmAloneIsOneQuestionAboutNobody() {
        List<Question> q = read("{\"realm\":\"demo\"}").questions();
        assertEquals(1, q.size());
        assertNull(q.get(0).user());
        assertFalse(q.get(0).owner());
        assertEquals(1, read("{\"realm\":\"demo\",\"sessions\":[" + sids(1000) + "]}").questions().size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "[]", "null", "{}", "{\"realm\":\"\"}", "{\"realm\":1}", "{\"realm\":\"demo\",\"user\":null}",
        "{\"realm\":\"demo\",\"user\":\"a\\u0000\"}", "{\"realm\":\"demo\",\"sessions\":\"s1\"}",
        "{\"realm\":\"demo\",\"sessions\":[1]}", "{\"realm\":\"demo\",\"session\":\"s1\"}"})
    void everythingElseIsRefused(String body) {
        Refusal why = assertThrows(Refusal.class, () -> read(body));
        assertEquals(400, why.status());
        assertEquals("bad-request", why.slug());
    }

    @Test
    void whatIsTooLargeIsRefused() {
        assertThrows(Refusal.class, () -> read("{\"realm\":\"demo\",\"sessions\":[" + sids(1001) + "]}"));
        assertThrows(Refusal.class, () -> read("{\"realm\":\"" + "x".repeat(256) + "\"}"));
        assertThrows(Refusal.class, () -> read(" ".repeat(200_000)));
        assertThrows(Refusal.class, () -> LookRequest.read(null));
    }
}
