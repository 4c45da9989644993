package ops

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Check is one thing that a program needs to be ready. Why says what is missing and what to do.
type Check struct {
	Name string
	Ask  func() (ok bool, why string)
}

// PprofHelp is the help of the setting that turns profiles on.
const PprofHelp = "whether /debug/pprof/ is served there: profiles for a program that is slow or large. They show what is in memory, so keep the address private"

// Admin is the second port: for probes and scrapers, not for users.
type Admin struct {
	Checks   []Check
	Gatherer prometheus.Gatherer
	Profiles bool // whether /debug/pprof/ is served: it tells of the memory and costs time, so not as a rule

	stopping atomic.Bool
}

// Stopping makes the program not ready, so that nobody sends it more work while it drains.
func (a *Admin) Stopping() { a.stopping.Store(true) }

// Handler serves /livez, /readyz (?verbose) and /metrics, and profiles if they are asked for.
func (a *Admin) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.Gatherer, promhttp.HandlerOpts{}))
	if a.Profiles {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index) // it serves heap, goroutine, allocs and the like, too
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}

func (a *Admin) readyz(w http.ResponseWriter, r *http.Request) {
	missing := map[string]string{}
	if a.stopping.Load() {
		missing["stopping"] = "the program was told to stop"
	}
	for _, c := range a.Checks {
		if ok, why := c.Ask(); !ok {
			missing[c.Name] = why
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if len(missing) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	out := map[string]any{"ready": len(missing) == 0, "missing": missing}
	if r.URL.Query().Has("verbose") {
		var names []string
		for _, c := range a.Checks {
			names = append(names, c.Name)
		}
		out["checks"] = names
	}
	_ = json.NewEncoder(w).Encode(out) // the client is gone, then
}

// MaxHeader is how many bytes of headers a request may have, but for net/http's 4 KiB on top.
const MaxHeader = 64 << 10

// Bounds of a server.
const (
	headerLimit = 10 * time.Second
	readLimit   = 30 * time.Second // a whole request; calls have shorter ones of their own
	writeLimit  = time.Minute      // from the request's header to the answer's end
	idleLimit   = 2 * time.Minute
	drainLimit  = 8 * time.Second
)

// Serve answers on addr until ctx ends, and then lets what is under way finish for 8 s.
func Serve(ctx context.Context, addr string, h http.Handler) error {
	return ServeTLS(ctx, addr, h, nil)
}

// ServeTLS is Serve over TLS, if it is given certificates.
func ServeTLS(ctx context.Context, addr string, h http.Handler, c *Certificates) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	if c != nil {
		l = tls.NewListener(l, c.Config())
	}
	return ServeOn(ctx, l, h)
}

// ServeOn is Serve on a listener that is there already, which it closes.
func ServeOn(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: headerLimit, ReadTimeout: readLimit, WriteTimeout: writeLimit,
		IdleTimeout: idleLimit, MaxHeaderBytes: MaxHeader,
	}
	ended := make(chan struct{})
	var failed error
	go func() { defer close(ended); failed = s.Serve(l) }()
	select {
	case <-ended:
		return fmt.Errorf("serve on %s: %w", l.Addr(), failed)
	case <-ctx.Done():
	}
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
	defer cancel()
	err := s.Shutdown(short)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.Close() // what is still under way is cut
	}
	<-ended
	return err
}

// lastWords is how long a part may take to tell what it has left when the program ends.
const lastWords = 2 * time.Second

// Within runs the end of a part after ctx has ended, for a moment at most.
func Within(ctx context.Context, end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	return end(ctx)
}
