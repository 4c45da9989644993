package extauthz

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
)

// Bounds of the server. Envoy need not send bodies, so a request is its headers.
const (
	maxRequest  = 256 << 10
	maxHeaders  = 16 << 10 // of the call itself
	maxStreams  = 1000
	handshake   = 10 * time.Second
	idle        = 30 * time.Second // Envoy's health checks keep its connection
	longest     = 30 * time.Minute // of a connection, whatever it does: a call that never sends its request ends then
	checkLimit  = 5 * time.Second
	drainLimit  = 8 * time.Second
	askAlive    = time.Minute
	aliveAnswer = 20 * time.Second
)

// Server serves Gate and the health of it.
type Server struct {
	Gate   Gate
	Ready  func() (ok bool, why string)
	Failed func(logger *zerolog.Logger, fault any) *problem.Problem // answers after a panic
	Logger zerolog.Logger
}

// Serve answers on addr until ctx ends, and then lets what is under way finish for 8 s.
func (s *Server) Serve(ctx context.Context, addr string, more ...grpc.ServerOption) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	return s.ServeOn(ctx, l, more...)
}

// ServeOn is Serve on a listener that is there already, which it closes.
func (s *Server) ServeOn(ctx context.Context, l net.Listener, more ...grpc.ServerOption) error {
	g := s.grpc(more)
	stopped := make(chan struct{})
	release := context.AfterFunc(ctx, func() {
		defer close(stopped)
		cut := time.AfterFunc(drainLimit, g.Stop)
		defer cut.Stop()
		g.GracefulStop()
	})
	err := g.Serve(l)
	if release() {
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	}
	<-stopped
	return nil
}

func (s *Server) grpc(more []grpc.ServerOption) *grpc.Server {
	g := grpc.NewServer(slices.Concat(Bounds(), []grpc.ServerOption{grpc.UnaryInterceptor(s.closed)}, more)...)
	auth.RegisterAuthorizationServer(g, &Authorization{Gate: s.Gate})
	grpc_health_v1.RegisterHealthServer(g, health{ready: s.Ready})
	return g
}

// Bounds are what any server of this protocol is limited by.
func Bounds() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxRequest), grpc.MaxHeaderListSize(maxHeaders), grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(handshake),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle: idle, MaxConnectionAge: longest, MaxConnectionAgeGrace: checkLimit, Time: askAlive, Timeout: aliveAnswer,
		}),
	}
}

// closed bounds a call, and makes a fault of ours a refusal: the zero value of an answer must
// never be taken for an open door.
func (s *Server) closed(ctx context.Context, in any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (out any, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			p := s.Failed(&s.Logger, fault)
			if out, err = refusal(gate.Passage{Refused: p}), nil; !isCheck(in) {
				out, err = nil, status.Error(codes.Unavailable, p.Reason)
			}
		}
	}()
	return next(ctx, in)
}

func isCheck(in any) bool {
	_, ok := in.(*auth.CheckRequest)
	return ok
}

// health says of every service what authapi's /readyz says: a replica that cannot decide gets
// no requests.
type health struct {
	grpc_health_v1.UnimplementedHealthServer
	ready func() (bool, string)
}

func (h health) Check(context.Context, *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	says := grpc_health_v1.HealthCheckResponse_NOT_SERVING
	if ok, _ := h.ready(); ok {
		says = grpc_health_v1.HealthCheckResponse_SERVING
	}
	return &grpc_health_v1.HealthCheckResponse{Status: says}, nil
}
