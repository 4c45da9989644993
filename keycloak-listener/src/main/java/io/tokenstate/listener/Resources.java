package io.tokenstate.listener;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import org.keycloak.Config;
import org.keycloak.events.EventListenerProvider;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.services.resource.RealmResourceProvider;
import org.keycloak.services.resource.RealmResourceProviderFactory;

/** Where Keycloak meets the resource: provider id {@code tokenstate} of the realms' resources. */
public final class Resources implements RealmResourceProviderFactory {
    /**
     * Requests answered at once, for Keycloak's threads and connections are for its users. Twice what one worker asks at
     * once: with fewer, its looks would be turned away and repeated.
     */
    private static final int AT_ONCE = 16;

    private final Semaphore places = new Semaphore(AT_ONCE);
    private final Complaints complaints = new Complaints();

    /** For Keycloak, by {@code META-INF/services}. */
    public Resources() {
        // Nothing before the first request.
    }

    @Override
    public String getId() {
        return TokenstateListenerFactory.ID;
    }

    @Override
    public RealmResourceProvider create(KeycloakSession session) {
        return new RealmResourceProvider() {
            @Override
            public Object getResource() {
                return new Resource(session, Resources.this);
            }

            @Override
            public void close() {
                // Nothing to close.
            }
        };
    }

    @Override
    public void init(Config.Scope config) {
        // It has no options of its own: it serves what the listener publishes.
    }

    @Override
    public void postInit(KeycloakSessionFactory factory) {
        // Nothing before the first request.
    }

    @Override
    public void close() {
        // Nothing to close.
    }

    void complain(Throwable t) {
        complaints.warn("a request to the resource failed", t);
    }

    /** The listener's looks, for one request. */
    Served take(KeycloakSession session) {
        TokenstateListenerFactory listener = (TokenstateListenerFactory) session.getKeycloakSessionFactory()
                .getProviderFactory(EventListenerProvider.class, TokenstateListenerFactory.ID);
        Looker looker = listener == null ? null : listener.looker();
        if (looker == null) {
            // As if the jar were not there, so that the worker asks the admin REST API meanwhile.
            throw new Refusal(404, "off", "the resource of this node is off, its log says why");
        }
        if (!places.tryAcquire()) {
            throw new Refusal(503, "busy", "this node answers " + AT_ONCE + " requests at once: try again");
        }
        return new Served(listener.options(), looker, new Pages(session.getKeycloakSessionFactory()), places);
    }

    /** What one request may use; closing it makes place for the next. */
    record Served(Options options, Looker looker, Pages pages, Semaphore places) implements AutoCloseable {
        String node() {
            return options.node;
        }

        /** A realm that is not published is none of the caller's business, whether or not Keycloak has it. */
        void mustPublish(String realm) {
            if (realm == null || options.realms.alias(realm) == null) {
                throw new Refusal(404, "realm-not-published", "the listener's option realms does not name this realm");
            }
        }

        ObjectNode look(LookRequest request) {
            ObjectNode out = Json.MAPPER.createObjectNode();
            ArrayNode parts = out.putArray("parts");
            for (Question question : request.questions()) {
                parts.addAll(seen(request.realm(), question));
            }
            return out;
        }

        private List<ObjectNode> seen(String realm, Question question) {
            try {
                return looker.see(realm, question).join();
            } catch (CompletionException e) {
                throw new Refusal(503, "store-silent", "the user's store does not answer: try again");
            }
        }

        @Override
        public void close() {
            places.release();
        }
    }
}
