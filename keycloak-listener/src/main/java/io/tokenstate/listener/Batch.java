package io.tokenstate.listener;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tokenstate.listener.rows.RealmRows;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Several looks of one realm in one transaction: what more than one of them asks for is read once. */
final class Batch {
    /** Bytes of the 64 KiB of a message, headers and envelope not counted. */
    static final int BUDGET = 60_000;

    private Batch() {
    }

    /** What each of the looks sees. None asks a user store. */
    static Map<LookQueue.Look, List<ObjectNode>> answer(List<LookQueue.Look> looks, RealmRows realm) {
        Map<LookQueue.Look, Question> questions = new IdentityHashMap<>();
        looks.forEach(look -> questions.put(look, Question.of(look)));
        if (realm != null) {
            realm.sessions().gather(users(questions.values().stream()));
            realm.users().gather(users(questions.values().stream().filter(Question::standing)));
        }
        Map<LookQueue.Look, List<ObjectNode>> parts = new IdentityHashMap<>();
        looks.forEach(look -> parts.put(look, Answer.to(questions.get(look), realm, null, room(look))));
        return parts;
    }

    private static Set<String> users(Stream<Question> questions) {
        return questions.map(Question::user).filter(Objects::nonNull).collect(Collectors.toSet());
    }

    /** Bytes that are left for what a look sees: its causes stand in every part. */
    static int room(LookQueue.Look look) {
        return BUDGET - Json.bytes(Envelope.causes(look.causes())).length;
    }
}
