package tracing

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	api "go.opentelemetry.io/otel/trace"
)

// Ensure a look and its requests are one trace, which goes on at the other end, and that no fault and no path is told.
func TestLooked(t *testing.T) {
	var handedOn string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handedOn = r.Header.Get("Traceparent")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	client := &http.Client{Transport: Calling("keycloak", http.DefaultTransport)}
	spans := recorded(t, func() {
		ctx, end := Looked(t.Context(), "user")
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/users/secret-user?q=secret", nil)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		end(errors.New("secret-user is not there"))
	})
	if len(spans) != 2 || spans[0].Name != "keycloak GET" || spans[0].SpanKind != api.SpanKindClient || spans[0].Status.Code.String() != "Error" {
		t.Fatalf("%+v", spans)
	}
	call, look := spans[0], spans[1]
	if look.Name != "tokenstate.look user" || look.Status.Code.String() != "Error" || call.Parent.SpanID() != look.SpanContext.SpanID() {
		t.Errorf("%+v", look)
	}
	if want := "00-" + call.SpanContext.TraceID().String() + "-" + call.SpanContext.SpanID().String() + "-01"; handedOn != want {
		t.Errorf("handed on: %q, want %q", handedOn, want)
	}
	noSecret(t, spans)
}

// Ensure a request for nothing that has a span begins no trace.
func TestCalling_Alone(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Traceparent") != "" {
			t.Error("a trace is handed on")
		}
	}))
	defer server.Close()
	if spans := recorded(t, func() {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		resp, err := (&http.Client{Transport: Calling("keycloak", http.DefaultTransport)}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}); len(spans) != 0 {
		t.Errorf("%+v", spans)
	}
}

// Ensure a gateway's question is in its caller's trace, with the answer.
func TestDecided(t *testing.T) {
	spans := recorded(t, func() {
		_, end := Decided(t.Context(), "00-"+traceID+"-"+parent+"-01")
		end(http.StatusUnauthorized, "user_disabled")
		_, end = Decided(t.Context(), "secret")
		end(http.StatusServiceUnavailable, "not_ready")
	})
	if len(spans) != 2 || spans[0].SpanContext.TraceID().String() != traceID || spans[0].SpanKind != api.SpanKindServer || spans[0].Status.Code.String() != "Unset" {
		t.Fatalf("%+v", spans)
	}
	if spans[1].SpanContext.TraceID().String() == traceID || spans[1].Status.Code.String() != "Error" {
		t.Errorf("%+v", spans[1])
	}
	noSecret(t, spans)
}
