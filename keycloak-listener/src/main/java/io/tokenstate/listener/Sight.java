package io.tokenstate.listener;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Keycloak as the engine looks at it. */
interface Sight {
    /**
     * The observations that each of the looks makes, in their order, or what Keycloak threw: then that look saw nothing.
     *
     * @param looks all of one realm; their causes were committed before this is called
     */
    List<CompletableFuture<List<Message>>> look(List<LookQueue.Look> looks);

    /** The event with both names of its client, as far as they can still be told. */
    Happened withClient(Happened h, String realmName);
}
