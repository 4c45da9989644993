package io.tokenstate.listener;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Keycloak as the engine looks at it. */
interface Sight {
    /** The observations that one look makes, or what Keycloak threw: then nothing was seen. */
    CompletableFuture<List<Message>> look(LookQueue.Look look);

    /** The event with both names of its client, as far as they can still be told. */
    Happened withClient(Happened h, String realmName);

    /** Asks for what nobody has, so that a Keycloak without one of our ways in is noticed at its start. */
    void rehearse();
}
