package notices

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

const streamType = "text/event-stream"

// Bounds of streams. One ends after a while and its reader comes back, with a credential that is looked at again.
const (
	maxStreams  = 100
	streamLife  = 10 * time.Minute
	writeLimit  = 10 * time.Second
	lookEvery   = time.Second
	proofOfLife = 15 * time.Second
	atOnce      = 100
)

// stream takes over for callers who want notices as they come (Server-Sent Events).
func (s *Service) stream(ctx huma.Context, next func(huma.Context)) {
	if !strings.Contains(ctx.Header("Accept"), streamType) {
		next(ctx)
		return
	}
	r, w := humago.Unwrap(ctx)
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		s.gate.Metrics.Shed("stream")
		problem.Overloaded().Write(noting{w, ctx})
		return
	}
	after, bad := s.start(ctx.Context(), cmp.Or(r.Header.Get("Last-Event-ID"), ctx.Query("after")))
	if bad != nil {
		bad.Write(noting{w, ctx})
		return
	}
	ctx.SetHeader("Content-Type", streamType)
	ctx.SetStatus(http.StatusOK)
	t := &tail{service: s, realm: web.ServiceOf(ctx.Context()).Realm, after: after, w: w, out: http.NewResponseController(w)}
	if err := t.follow(ctx.Context()); err != nil {
		s.gate.Log(ctx.Context()).Debug().Err(err).Msg("a stream of notices ended")
	}
}

// noting lets the context know the status, for the audit.
type noting struct {
	http.ResponseWriter

	ctx huma.Context
}

// WriteHeader is http.ResponseWriter's.
func (n noting) WriteHeader(status int) { n.ctx.SetStatus(status) }

// start is where a stream begins: where its reader was, or else now.
func (s *Service) start(ctx context.Context, last string) (int64, *problem.Problem) {
	if last == "" {
		n, err := s.store.LastNotice(ctx)
		if err != nil {
			return 0, s.gate.StoreFault(ctx, err)
		}
		return n, nil
	}
	n, err := strconv.ParseUint(last, 10, 63)
	if err != nil {
		return 0, problem.Unprocessable("invalid-request", "Last-Event-ID, or after, is not the id of an event of this stream")
	}
	return int64(n), nil
}

// tail is one stream.
type tail struct {
	service *Service
	realm   string
	after   int64
	w       http.ResponseWriter
	out     *http.ResponseController
}

// follow writes until the stream's time is over or its reader is gone.
func (t *tail) follow(ctx context.Context) error {
	over, proof, look := time.NewTimer(streamLife), time.NewTicker(proofOfLife), time.NewTicker(lookEvery)
	defer over.Stop()
	defer proof.Stop()
	defer look.Stop()
	if err := t.write("retry: 1000\n\n"); err != nil {
		return err
	}
	for {
		more, err := t.some(ctx)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		select {
		case <-look.C:
		case <-proof.C:
			if err := t.write(":\n\n"); err != nil {
				return err
			}
		case <-over.C:
			return nil
		case <-t.service.stopped:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// some writes what has come; more: there may be more at once.
func (t *tail) some(ctx context.Context) (more bool, err error) {
	found, err := t.service.store.NoticesAfter(ctx, t.realm, t.after, atOnce)
	if err != nil {
		return false, err
	}
	for _, n := range found {
		if err := t.write(fmt.Sprintf("id: %d\ndata: %s\n\n", n.N, n.Body)); err != nil {
			return false, err
		}
		t.after = n.N
	}
	return len(found) == atOnce, nil
}

func (t *tail) write(text string) error {
	if err := t.out.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := t.w.Write([]byte(text)); err != nil {
		return err
	}
	return t.out.Flush()
}
