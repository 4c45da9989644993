package tracing

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	api "go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
)

const (
	traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	parent  = "00f067aa0ba902b7"
)

// recorded is what do has told.
func recorded(t *testing.T, do func()) tracetest.SpanStubs {
	t.Helper()
	to := tracetest.NewInMemoryExporter()
	stop := provide(trace.WithSyncer(to), "test", "1")
	t.Cleanup(func() {
		otel.SetTracerProvider(noop.NewTracerProvider())
		_ = stop(context.Background())
	})
	do()
	return to.GetSpans()
}

func line(age time.Duration, traceparent string) journal.Line {
	return journal.Line{
		ID: "secret-event", Seq: 7, Received: events.Millis(time.Now().Add(-age).UnixMilli()), Class: "event", Trace: traceparent,
		Raw: []byte(`{"secret-user":"secret-session"}`), Realm: "secret-realm", About: []string{"secret-user"},
	}
}

// Ensure a message that is new continues the trace of the request that it tells of, and the batch points to it.
func TestAppliedContinuesTheRequestsTrace(t *testing.T) {
	spans := recorded(t, func() {
		Applied(journal.Batch{Lines: []journal.Line{line(time.Second, "00-"+traceID+"-"+parent+"-01"), line(0, "")}, To: journal.Floor{Seq: 8}})
	})
	if len(spans) != 2 {
		t.Fatalf("%d spans", len(spans))
	}
	apply, batch := spans[0], spans[1]
	if apply.Name != "tokenstate.apply event" || apply.SpanContext.TraceID().String() != traceID || apply.Parent.SpanID().String() != parent || apply.SpanKind != api.SpanKindConsumer {
		t.Errorf("%+v", apply)
	}
	if took := apply.EndTime.Sub(apply.StartTime); took < time.Second || took > time.Minute {
		t.Errorf("from the log's having it to its commit: %s", took)
	}
	if batch.Name != "tokenstate.batch" || batch.SpanContext.TraceID().String() == traceID || len(batch.Links) != 1 || batch.Links[0].SpanContext.TraceID().String() != traceID {
		t.Errorf("%+v", batch)
	}
	if len(apply.Links) != 1 || apply.Links[0].SpanContext.TraceID() != batch.SpanContext.TraceID() {
		t.Errorf("the message does not lead to its batch: %+v", apply.Links)
	}
	noSecret(t, spans)
}

// Ensure what is replayed, what was not sampled, and what is no traceparent continue nothing.
func TestAppliedContinuesNothingElse(t *testing.T) {
	for name, l := range map[string]journal.Line{
		"old":         line(11*time.Minute, "00-"+traceID+"-"+parent+"-01"),
		"not sampled": line(0, "00-"+traceID+"-"+parent+"-00"),
		"forged":      line(0, "00-secret-user-01"),
		"zeros":       line(0, "00-00000000000000000000000000000000-0000000000000000-01"),
		"none":        line(0, ""),
	} {
		spans := recorded(t, func() { Applied(journal.Batch{Lines: []journal.Line{l}}) })
		if len(spans) != 1 || spans[0].Name != "tokenstate.batch" {
			t.Errorf("%s: %+v", name, spans)
		}
		noSecret(t, spans)
	}
	many := journal.Batch{}
	for range 1000 {
		many.Lines = append(many.Lines, line(time.Hour, "00-"+traceID+"-"+parent+"-01"))
	}
	spans := recorded(t, func() { Applied(many) })
	if len(spans) != 1 || len(spans[0].Links) != maxLinks {
		t.Errorf("a replayed batch: %d spans, %d links", len(spans), len(spans[0].Links))
	}
	if spans := recorded(t, func() { Applied(journal.Batch{}) }); len(spans) != 0 {
		t.Errorf("an empty batch: %+v", spans)
	}
}

// Ensure a server's span has the route's pattern, and no path.
func TestServed(t *testing.T) {
	spans := recorded(t, func() {
		r := httptest.NewRequest(http.MethodGet, "/v1/users/secret-user/offline-tokens?q=secret-query", nil)
		r.Header.Set("Traceparent", "00-"+traceID+"-"+parent+"-01")
		r.Header.Set("Authorization", "Bearer secret-key")
		ctx, end := Served(r)
		if api.SpanContextFromContext(ctx).TraceID().String() != traceID {
			t.Error("the caller's trace is not continued")
		}
		end("GET /v1/users/{user_id}/offline-tokens", http.StatusServiceUnavailable)
	})
	if len(spans) != 1 || spans[0].Name != "GET /v1/users/{user_id}/offline-tokens" || spans[0].Status.Code.String() != "Error" {
		t.Errorf("%+v", spans)
	}
	noSecret(t, spans)
}

func noSecret(t *testing.T, spans tracetest.SpanStubs) {
	t.Helper()
	for _, s := range spans {
		told := s.Name + s.Status.Description
		for _, a := range s.Attributes {
			told += " " + string(a.Key) + "=" + a.Value.String()
		}
		for _, l := range s.Links {
			for _, a := range l.Attributes {
				told += " " + a.Value.String()
			}
		}
		if strings.Contains(told, "secret") {
			t.Errorf("a span tells %s", told)
		}
	}
}

func TestNothingIsSentUnlessWanted(t *testing.T) {
	for _, c := range []struct {
		endpoint, exporter, disabled string
		want                         bool
	}{{"", "", "", false}, {"http://c:4318", "", "", true}, {"http://c:4318", "none", "", false}, {"http://c:4318", "otlp", "true", false}} {
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.endpoint)
		t.Setenv("OTEL_TRACES_EXPORTER", c.exporter)
		t.Setenv("OTEL_SDK_DISABLED", c.disabled)
		if Wanted() != c.want {
			t.Errorf("%+v", c)
		}
	}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	stop, err := Start(t.Context(), "test", "1")
	if err != nil || stop(t.Context()) != nil {
		t.Error(err)
	}
}
