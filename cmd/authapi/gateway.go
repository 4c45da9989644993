package main

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/tokenstate/tokenstate/internal/authapi"
	"github.com/tokenstate/tokenstate/internal/extauthz"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/settings"
)

// gateway is what gateways need of authapi.
type gateway struct{ extauthzAddr, noKey string }

func (g *gateway) addTo(t *settings.Table) {
	t.Text(&g.extauthzAddr, "AUTHAPI_EXTAUTHZ_ADDR", "", "address of gRPC for Envoy's ext_authz; none, if it is empty; over TLS with AUTHAPI_TLS_CERT")
	t.Choice(&g.noKey, "AUTHAPI_NO_KEY", []string{"deny", "pass"}, "what a gateway is told of a request that presents nothing in the form of a key; it passes without an identity")
}

// serve has gRPC behind the same certificates as HTTP; certs are nil for plaintext.
func (g *gateway) serve(ctx context.Context, s *authapi.Server, certs *ops.Certificates) error {
	if g.extauthzAddr == "" {
		return nil
	}
	var more []grpc.ServerOption
	if certs != nil {
		more = append(more, grpc.Creds(credentials.NewTLS(certs.Config())))
	}
	e := &extauthz.Server{Gate: s.Gate, Ready: s.Gate.Known.Ready, Failed: s.Gate.Panicked, Logger: s.Gate.Logger}
	return e.Serve(ctx, g.extauthzAddr, more...)
}
