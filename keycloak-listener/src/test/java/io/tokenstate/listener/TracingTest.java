package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Scope;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.keycloak.events.EventType;

class TracingTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String SPAN = "00f067aa0ba902b7";
    private static final String PARENT = "00-" + TRACE + "-" + SPAN + "-01";

    private static SpanContext of(TraceFlags flags) {
        return SpanContext.create(TRACE, SPAN, flags, TraceState.getDefault());
    }

    @Test
    void theRequestsContextIsTaken() {
        assertNull(Tracing.current());
        try (Scope ignored = Span.wrap(of(TraceFlags.getSampled())).makeCurrent()) {
            assertEquals(PARENT, Tracing.current());
        }
        assertNull(Tracing.of(of(TraceFlags.getDefault())), "nobody keeps what was not sampled");
        assertNull(Tracing.of(SpanContext.getInvalid()));
    }

    /** The event and the look that it causes: the second is what makes the verdict. */
    @Test
    void eventAndLookBearIt() {
        Happened h = Samples.extract(Samples.user(EventType.LOGOUT, "u1", "s1", "app")).withTrace(PARENT);
        assertEquals(PARENT, Samples.ENVELOPE.event(h.withClient("c1", "app").withUser("u1"), 0).trace());
        Cause untraced = Samples.extract(Samples.user(EventType.LOGOUT, "u1", "s2", "app")).cause(0, 0);
        Message look = Samples.ENVELOPE.observation(h.subject(), List.of(untraced, h.cause(0, 0).again(1)), Samples.AT,
                Json.MAPPER.createObjectNode());
        assertEquals(PARENT, look.trace());
        assertEquals(PARENT, look.covering(List.of()).trace());
    }
}
