/**
 * tokenstate's ear inside Keycloak: it tells NATS JetStream what happened to offline tokens, and what is true of them
 * afterwards.
 *
 * <p>An event is a hint, an observation is the truth (docs/design.md 2.1): {@code LOGOUT} looks the same whether the offline
 * session died or not, so after each event the listener looks at the user, client or realm that it touched. The way
 * of one event:
 *
 * <pre>
 * request thread    Provider.onEvent → Extractor → Happened, kept until the commit → Engine.accept
 * tokenstate-event  resolves client names, puts the event message into the Outbox, asks for a look
 * tokenstate-look   Looker: what is due in one realm, in one fresh transaction → observations into the Outbox
 * tokenstate-send   Publisher: each message until JetStream acknowledged it, several on their way at a time
 * tokenstate-beat   Heartbeat: what is still undelivered
 * </pre>
 *
 * <p>Two rules stand above all others: never delay or fail a request of Keycloak's, and never claim more than was
 * seen.
 */
package io.tokenstate.listener;
