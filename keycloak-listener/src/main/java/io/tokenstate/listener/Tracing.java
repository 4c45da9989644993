package io.tokenstate.listener;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;

/**
 * The trace that Keycloak's own request belongs to, where Keycloak was built with {@code --tracing-enabled=true}. The
 * listener makes no spans: what it publishes bears the request's context, and the worker goes on from there.
 */
final class Tracing {
    private static volatile boolean missing;

    private Tracing() {
    }

    /** {@code traceparent} by W3C of the request on this thread; null where it is not traced, or not sampled. */
    static String current() {
        try {
            return missing ? null : of(Span.current().getSpanContext());
        } catch (LinkageError e) {
            missing = true; // A Keycloak without OpenTelemetry.
            return null;
        }
    }

    static String of(SpanContext c) {
        return !c.isValid() || !c.isSampled() ? null : "00-" + c.getTraceId() + "-" + c.getSpanId() + "-01";
    }
}
