package io.tokenstate.listener;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tokenstate.listener.Resources.Served;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.util.function.Function;
import org.keycloak.common.Version;
import org.keycloak.models.KeycloakSession;

/**
 * {@code /realms/master/tokenstate/v1}: what the listener's looks see, for the worker to ask. The admin API would do
 * harm: its lists put sessions back into caches that a logout has just emptied, and have Keycloak delete users whom
 * their directory does not show. It reads and changes nothing.
 */
@Produces(MediaType.APPLICATION_JSON)
public final class Resource {
    /** Version of the paths and members below; a heartbeat says it. */
    static final int API = 1;

    private final KeycloakSession session;
    private final Resources resources;

    Resource(KeycloakSession session, Resources resources) {
        this.session = session;
        this.resources = resources;
    }

    /** Who answers: a look counts as one of this node, whose clock it bears. */
    @GET
    @Path("v1/about")
    public Response about() {
        return answer(served -> Json.MAPPER.createObjectNode().put("version", version()).put("api", API)
                .put("instance", NodeName.INSTANCE).put("server", Version.VERSION));
    }

    /** A look, as the data of observations without causes. */
    @POST
    @Path("v1/look")
    @Consumes(MediaType.APPLICATION_JSON)
    public Response look(InputStream body) {
        return answer(served -> {
            LookRequest request = LookRequest.read(body);
            served.mustPublish(request.realm());
            return served.look(request);
        });
    }

    /** A page of a client's offline sessions, by session id. */
    @GET
    @Path("v1/sessions")
    public Response sessions(@QueryParam("realm") String realm, @QueryParam("client") String client,
                             @QueryParam("after") String after, @QueryParam("limit") String limit) {
        return answer(served -> {
            served.mustPublish(realm);
            return served.pages().sessions(realm, Pages.id("client", client), Pages.after(after), Pages.limit(limit));
        });
    }

    /** A page of a realm's users who have a row, by user id. */
    @GET
    @Path("v1/users")
    public Response users(@QueryParam("realm") String realm, @QueryParam("after") String after,
                          @QueryParam("limit") String limit) {
        return answer(served -> {
            served.mustPublish(realm);
            return served.pages().users(realm, Pages.after(after), Pages.limit(limit));
        });
    }

    /** The answer with its time and node, or the refusal. Whatever cannot be read is an error and never an empty list. */
    private Response answer(Function<Served, ObjectNode> job) {
        try {
            Access.check(session);
            // Before the transaction begins: an answer must never claim to be later than it was.
            long at = System.currentTimeMillis();
            try (Served served = resources.take(session)) {
                return Response.ok(Json.bytes(job.apply(served).put("at", at).put("node", served.node()))).build();
            }
        } catch (Refusal e) {
            return e.response();
        } catch (RuntimeException | LinkageError e) {
            resources.complain(e);
            return new Refusal(503, "unreadable", "Keycloak's database or a user store does not answer: try again").response();
        }
    }

    private static String version() {
        String version = Resource.class.getPackage().getImplementationVersion();
        return version == null ? "" : version;
    }
}
