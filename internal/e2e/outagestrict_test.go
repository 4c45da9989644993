package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// strictAge is the strict replica's AUTHAPI_STANDING_MAX_AGE: longer than a heartbeat takes to be
// known, or nothing would ever pass.
const strictAge = 5 * time.Second

// strictReplica is an authapi that admits no key whose owner is not known freshly, beside the
// stack's, which is best_effort.
type strictReplica struct {
	replica
	s   *system
	env []string
}

func (s *system) strictReplica() *strictReplica {
	s.t.Helper()
	r := &strictReplica{s: s, env: []string{
		"AUTHAPI_STANDING=strict", "AUTHAPI_STANDING_MAX_AGE=" + strictAge.String(),
		"AUTHAPI_SNAPSHOT_PATH=" + filepath.Join(s.t.TempDir(), "strict"), "AUTHAPI_SNAPSHOT_INTERVAL=1s",
	}}
	r.replica = s.serve(r.env...)
	return r
}

func (r *strictReplica) restart() {
	r.stop()
	r.replica = r.s.serve(r.env...)
}

// bring waits until the outage is older than what strict allows.
func (r *strictReplica) bring(since time.Time, outage bool) {
	if outage {
		play.Pause(r.s.t.Context(), time.Until(since.Add(strictAge+2*time.Second)))
	}
}

// question: whatever is down, after a while nothing is known freshly. What is known against a key
// is said all the same.
func (r *strictReplica) question(c *cast) question {
	return question{"strict: live, revoked key", func() string {
		var said []string
		for _, key := range []string{c.live, c.revoked} {
			a, err := r.Me(r.s.t.Context(), key)
			must(r.s.t, err)
			said = append(said, strings.TrimSpace(fmt.Sprint(a.Status, " ", a.Text("reason"))))
		}
		return strings.Join(said, ", ")
	}, func(down map[string]bool, _ bool) string {
		if len(down) > 0 {
			return "503 undecidable, 401 revoked"
		}
		return "200, 401 revoked"
	}}
}
