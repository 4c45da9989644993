package tracing

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Served begins a server's span in the caller's trace. end is told the route, which is a pattern and no path, and the
// status. OpenTelemetry's own handler would write paths, which hold users' ids.
func Served(r *http.Request) (ctx context.Context, end func(route string, status int)) {
	if !on.Load() {
		return r.Context(), func(string, int) {}
	}
	ctx, span := tracer().Start(w3c.Extract(r.Context(), propagation.HeaderCarrier(r.Header)), r.Method,
		trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attribute.String("http.request.method", r.Method)))
	return ctx, func(route string, status int) {
		span.SetName(route)
		span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}
