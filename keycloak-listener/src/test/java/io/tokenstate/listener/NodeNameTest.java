package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeNameTest {
    @ParameterizedTest
    @CsvSource({"keycloak-0,0", "0f3c9ab1d2e4,1", "0f3c9ab1d2e,0", "0f3c9ab1d2eg,0", "localhost,1",
        "localhost-localdomain,1", "localhosts,0"})
    void warnsOfNamesThatDoNotStayOrAreSharedByOthers(String name, int doubts) {
        assertEquals(doubts, NodeName.doubt(name).size());
    }
}
