package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"
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

// old waits until what the replica knows is older than what strict allows. It is so for good once the outage is that old:
// until then something newer may come that was told before it.
func (r *strictReplica) old(c *cast, since time.Time) {
	r.s.t.Helper()
	r.s.wait("a knowledge that is too old for strict", func() (bool, string) {
		a, err := r.Me(r.s.t.Context(), c.live)
		return err == nil && a.Text("reason") == "undecidable" && time.Since(since) > strictAge, fmt.Sprint(a.Status, a.Body, err)
	})
}

// young waits until the replica has caught up with a database that was away, and knows Keycloak freshly: what happened
// to it in the combination before must not pass for the next one's.
func (r *strictReplica) young(c *cast) {
	r.s.t.Helper()
	r.s.wait("a young knowledge of the strict replica", func() (bool, string) {
		a, err := r.Me(r.s.t.Context(), c.live)
		return err == nil && a.Status == http.StatusOK, fmt.Sprint(a.Status, a.Body, err)
	})
}

func (*strictReplica) name() string { return "strict: live, revoked key" }

// ask: whatever is down, after a while nothing is known freshly. What is known against a key is said all
// the same.
func (r *strictReplica) ask(c *cast, down []string) string {
	r.s.t.Helper()
	var said []string
	for _, key := range []string{c.live, c.revoked} {
		a, err := r.Me(r.s.t.Context(), key)
		must(r.s.t, err)
		said = append(said, strings.TrimSpace(fmt.Sprint(a.Status, " ", a.Text("reason"))))
	}
	got, want := strings.Join(said, ", "), "200, 401 revoked"
	if len(down) > 0 {
		want = "503 undecidable, 401 revoked"
	}
	if got != want {
		r.s.t.Errorf("%v down, %s: %s, want %s", down, r.name(), got, want)
	}
	return got
}
