package io.tokenstate.listener;

/** Who takes in what happened in Keycloak. */
interface Intake {
    /** Takes in one committed event. Never waits and never asks a database: it is called on a request's thread. */
    void accept(Happened h);

    /** Counts events that will not be told. One that is neither told nor counted would be claimed as delivered. */
    void lost(long events);
}
