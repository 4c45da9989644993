package console

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/console/page"
)

// checkLimit bounds one check. It reads the whole journal.
const checkLimit = 30 * time.Minute

// checks are run one at a time: each holds all facts twice.
type checks struct {
	mu   sync.Mutex
	last page.Check // Begun is zero: none yet
	next chan string
}

// begin reports whether it was taken: not while another runs.
func (c *checks) begin(name, by string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.last.Begun.IsZero() && c.last.Ended.IsZero() {
		return false
	}
	c.last = page.Check{Name: name, By: by, Begun: now.UTC()}
	c.next <- name // there is room: none waits while none runs
	return true
}

func (c *checks) shown() page.Check {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

func (c *checks) seen(done, of int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last.Done, c.last.Of = done, of
}

func (c *checks) end(o page.Outcome, err error, now time.Time) page.Check {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last.Outcome, c.last.Ended = o, now.UTC()
	if err != nil {
		c.last.Fault = "It could not be done: the console's log says why."
	}
	return c.last
}

// Run runs what people begin here, until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case name := <-s.checks.next:
			s.runCheck(ctx, name)
		}
	}
}

func (s *Server) runCheck(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	run := s.Checks.Verify
	if name == page.CheckReplay {
		run = s.Checks.Replay
	}
	o, err := run(ctx, s.checks.seen)
	if err != nil {
		s.Logger.Error().Err(err).Str("check", name).Msg("a check failed")
	}
	c := s.checks.end(o, err, s.Now())
	s.Logger.Info().Str("check", name).Str("by", c.By).Str("found", c.Found).Msg("a check has ended")
}

// check begins one, and leads to the page that shows how far it is.
func (s *Server) check(r *http.Request, v Visitor) (answer, error) {
	name := r.PostFormValue("what")
	switch {
	case s.Checks == nil || name != page.CheckVerify && name != page.CheckReplay:
		return answer{}, &fault{http.StatusUnprocessableEntity, "There is no such check", "Choose one at the page of the log."}
	case !s.checks.begin(name, v.Name, s.Now()):
		return answer{}, &fault{http.StatusConflict, "Another check is running", "One runs at a time: each holds all facts in memory. See the page of the log for how far it is."}
	}
	return answer{to: "/log"}, nil
}
