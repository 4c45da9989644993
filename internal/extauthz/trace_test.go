package extauthz

import (
	"context"
	"net/http"
	"testing"

	grpcmeta "google.golang.org/grpc/metadata"
)

// Ensure Envoy's own span is continued where it has one, and else its caller's.
func TestTraceparent(t *testing.T) {
	callers := http.Header{"Traceparent": {"callers"}}
	envoys := grpcmeta.NewIncomingContext(t.Context(), grpcmeta.Pairs("traceparent", "envoys"))
	for want, c := range map[string]struct {
		ctx context.Context //nolint:containedctx // a table
		h   http.Header
	}{"": {t.Context(), nil}, "callers": {t.Context(), callers}, "envoys": {envoys, callers}} {
		if got := traceparent(c.ctx, c.h); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
