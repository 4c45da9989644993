package bench

import (
	"context"
	"errors"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/tokenstate/tokenstate/internal/authapi"
	"github.com/tokenstate/tokenstate/internal/extauthz"
)

// bytesCodec sends what is encoded already and leaves answers as they come, so that the time is the server's.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil } // its only caller is checker

func (bytesCodec) Unmarshal(raw []byte, v any) error {
	*v.(*[]byte) = append((*v.(*[]byte))[:0], raw...)
	return nil
}

// emptyCheck decides nothing and answers what authapi has once answered.
type emptyCheck struct {
	auth.UnimplementedAuthorizationServer

	answer *auth.CheckResponse
}

func (e emptyCheck) Check(context.Context, *auth.CheckRequest) (*auth.CheckResponse, error) {
	return e.answer, nil
}

// checkRequest is what Envoy asks about a user's request.
func checkRequest(i int) *auth.CheckRequest {
	return &auth.CheckRequest{Attributes: &auth.AttributeContext{
		Source: &auth.AttributeContext_Peer{Address: &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{Address: "192.0.2.7"}}}},
		Request: &auth.AttributeContext_Request{Http: &auth.AttributeContext_HttpRequest{
			Method: "GET", Path: "/", Headers: map[string]string{
				":authority": "app.example", ":method": "GET", ":path": "/", "authorization": "Bearer " + keyOf(i).Text().Reveal(), "x-request-id": "4f7a0b1c-made-up-by-envoy",
			},
		}},
	}}
}

// envoy compares Envoy's Check with one that decides nothing and answers as many bytes.
func (b *bench) envoy(server *authapi.Server) {
	a := &extauthz.Authorization{Gate: server.Gate}
	answer, err := a.Check(b.Context(), checkRequest(0))
	if err != nil || answer.GetOkResponse() == nil {
		b.Fatalf("%v: %v", err, answer)
	}
	ours, peer := b.listener(), b.listener()
	b.running(func(ctx context.Context) error {
		e := &extauthz.Server{Gate: server.Gate, Ready: server.Gate.Known.Ready, Failed: server.Gate.Panicked, Logger: server.Gate.Logger}
		return e.ServeOn(ctx, ours)
	})
	empty := grpc.NewServer(extauthz.Bounds()...)
	auth.RegisterAuthorizationServer(empty, emptyCheck{answer: answer})
	b.running(func(ctx context.Context) error {
		context.AfterFunc(ctx, empty.Stop)
		return empty.Serve(peer)
	})
	b.versus("Envoy's Check", "an empty Check", b.checkers(ours.Addr().String()), b.checkers(peer.Addr().String()))
}

// checkers ask over one connection each.
func (b *bench) checkers(addr string) (all []asker) {
	b.Helper()
	for c := range connections {
		conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.ForceCodec(bytesCodec{})))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		all = append(all, b.checker(conn, c))
	}
	return all
}

var errDenied = errors.New("an answer without an identity")

func (b *bench) checker(conn *grpc.ClientConn, c int) asker {
	b.Helper()
	const each = 256
	requests, least, next := make([][]byte, each), 0, 0
	for i := range requests {
		raw, err := proto.Marshal(checkRequest(b.keyed(c*each + i)))
		if err != nil {
			b.Fatal(err)
		}
		requests[i] = raw
	}
	var out []byte
	return func() error {
		next++
		if err := conn.Invoke(context.Background(), auth.Authorization_Check_FullMethodName, &requests[next%each], &out); err != nil {
			return err
		}
		if least == 0 {
			var got auth.CheckResponse
			if err := proto.Unmarshal(out, &got); err != nil || got.GetOkResponse() == nil {
				return errors.Join(errDenied, err)
			}
			least = len(out) - 8 // an age may be shorter
		}
		if len(out) < least {
			return errDenied
		}
		return nil
	}
}
