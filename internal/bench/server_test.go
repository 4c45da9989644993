package bench

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/idp"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/projection"
)

// server is authapi with the limits of its defaults. What it decides from is known; what it would write goes nowhere.
func (b *bench) server(known *projection.Projection) *authapi.Server {
	b.Helper()
	s, err := authapi.New(authapi.Config{
		Gate: gate.Config{
			Realms: idp.Realms{"demo": {ClientID: clientID}}, Known: known, Clock: known.Now, Peppers: apikey.Peppers{pepper}, Logger: zerolog.New(nil).Level(zerolog.InfoLevel),
			Uses: gate.NewUses(nowhere{}), Limits: gate.NewLimits(1000, 5, nil),
		},
		Registry: prometheus.NewRegistry(),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.running(s.Run)
	return s
}

// nowhere is where uses of keys are written to: the database is no part of a decision.
type nowhere struct{}

func (nowhere) MarkUsed(context.Context, map[string]time.Time) error { return nil }
func (nowhere) Redigest(context.Context, []apikey.Redigest) error    { return nil }
func (nowhere) ForgetOnce(context.Context) error                     { return nil }

// serving serves h as authapi does, and gives the address.
func (b *bench) serving(h http.Handler) string {
	b.Helper()
	l := b.listener()
	b.running(func(ctx context.Context) error { return ops.ServeOn(ctx, l, h) })
	return l.Addr().String()
}

func (b *bench) listener() net.Listener {
	b.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return l
}
