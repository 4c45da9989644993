package io.tokenstate.listener;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;

/** Why a request is not answered, with what to do about it; never with what was sent. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String slug;

    Refusal(int status, String slug, String message) {
        super(message);
        this.status = status;
        this.slug = slug;
    }

    static Refusal badRequest(String message) {
        return new Refusal(400, "bad-request", message);
    }

    int status() {
        return status;
    }

    String slug() {
        return slug;
    }

    Response response() {
        ObjectNode body = Json.MAPPER.createObjectNode().put("error", slug).put("message", getMessage());
        Response.ResponseBuilder answer = Response.status(status).type(MediaType.APPLICATION_JSON).entity(Json.bytes(body));
        if (status == 401) {
            answer.header("WWW-Authenticate", "Bearer");
        }
        if (status == 503) {
            answer.header("Retry-After", "1");
        }
        return answer.build();
    }
}
