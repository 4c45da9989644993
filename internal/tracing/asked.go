package tracing

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Looked begins the span of a look at Keycloak; at is what kind of thing is looked at. end is told whether the look learnt
// nothing, and never why: faults name whom they concern.
func Looked(ctx context.Context, at string) (_ context.Context, end func(err error)) {
	if !on.Load() {
		return ctx, func(error) {}
	}
	ctx, span := tracer().Start(ctx, "tokenstate.look "+at)
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Decided begins the span of a decision that a gateway asks for by gRPC, in the trace of a traceparent. end is told the
// status that the gateway's caller gets, and the reason of a refusal.
func Decided(ctx context.Context, traceparent string) (_ context.Context, end func(status int, reason string)) {
	if !on.Load() {
		return ctx, func(int, string) {}
	}
	ctx = w3c.Extract(ctx, propagation.MapCarrier{"traceparent": traceparent})
	ctx, span := tracer().Start(ctx, "envoy.service.auth.v3.Authorization/Check", trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("rpc.system", "grpc")))
	return ctx, func(status int, reason string) {
		span.SetAttributes(attribute.Int("http.response.status_code", status), attribute.String("tokenstate.reason", reason))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Calling gives each request that is made for something that has a span a span within it, and hands the trace on. Its name
// is the other's and the method: paths hold ids.
func Calling(whom string, next http.RoundTripper) http.RoundTripper { return calling{whom, next} }

type calling struct {
	whom string
	next http.RoundTripper
}

// RoundTrip is http.RoundTripper's.
func (c calling) RoundTrip(r *http.Request) (*http.Response, error) {
	if !on.Load() || !trace.SpanContextFromContext(r.Context()).IsValid() {
		return c.next.RoundTrip(r)
	}
	ctx, span := tracer().Start(r.Context(), c.whom+" "+r.Method, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("http.request.method", r.Method)))
	defer span.End()
	r = r.Clone(ctx)
	w3c.Inject(ctx, propagation.HeaderCarrier(r.Header))
	resp, err := c.next.RoundTrip(r)
	if err != nil || resp.StatusCode >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	if err == nil {
		span.SetAttributes(attribute.Int("http.response.status_code", resp.StatusCode))
	}
	return resp, err
}
