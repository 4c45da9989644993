package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a real Keycloak made us publish, byte for byte, still fits the schema. */
class RecordedTest {
    @Test
    void fits() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("../internal/events/testdata/recorded"))) {
            List<Path> all = files.filter(f -> f.toString().endsWith(".json")).toList();
            assertTrue(all.size() > 50, "only " + all.size() + " recorded messages");
            for (Path f : all) {
                Schema.valid(Files.readAllBytes(f));
            }
        }
    }
}
