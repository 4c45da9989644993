// Package tracing tells an OpenTelemetry collector what the programs do, where the environment names one. A span
// bears names, kinds, counts and positions in the log, and never an id of a user, session, token or key, nor a
// path or a query, which hold such ids.
package tracing

import (
	"context"
	"os"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"
)

const scope = "github.com/tokenstate/tokenstate"

func tracer() api.Tracer { return otel.Tracer(scope) }

// on: there is somebody to tell. What is asked at each request and batch is not worked out for nobody.
var on atomic.Bool

// w3c is the only form in which a trace is handed on.
var w3c propagation.TraceContext

// Wanted reports whether OTEL_EXPORTER_OTLP_ENDPOINT, or that of traces alone, names a collector, and nothing switches
// tracing off.
func Wanted() bool {
	if os.Getenv("OTEL_SDK_DISABLED") == "true" || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return false
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// Start has spans sent, over OTLP by HTTP, if they are wanted. The sampler, the endpoint, its headers and its
// certificates are those of OpenTelemetry's own environment variables. stop sends what is left, as long as ctx
// allows. A collector that is away costs spans and nothing else.
func Start(ctx context.Context, service, version string) (stop func(context.Context) error, err error) {
	if !Wanted() {
		return func(context.Context) error { return nil }, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	return provide(trace.WithBatcher(exporter), service, version), nil
}

func provide(exporter trace.TracerProviderOption, service, version string) (stop func(context.Context) error) {
	about := resource.NewSchemaless(attribute.String("service.name", service), attribute.String("service.version", version))
	p := trace.NewTracerProvider(exporter, trace.WithResource(about))
	otel.SetTracerProvider(p)
	on.Store(true)
	return func(ctx context.Context) error {
		on.Store(false)
		return p.Shutdown(ctx)
	}
}
