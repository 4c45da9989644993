//go:build harm

package harm

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/keycloak"
)

// most is by how many statements a logout may cost more with us.
const most = 4

// Ensure that tokens which were ended in a realm that is listened to are as dead as in one that is not,
// and that Keycloak does not do much more for them.
func TestHarm(t *testing.T) {
	n := number("HARM_TOKENS", 400)
	only := regexp.MustCompile(os.Getenv("HARM_ONLY"))
	w := start(t, "harm")
	var played []rhythm
	tokens := map[string][]*ended{}
	for _, h := range rhythms {
		if only.MatchString(h.name) {
			played, tokens[h.name] = append(played, h), w.rhythm(h, n)
		}
	}
	total := tally{name: "all"}
	for _, h := range played { // all together, so that the wait is one
		must(t, w.again(tokens[h.name]))
		if got := w.judge(h, tokens[h.name]); !h.fallback || !w.answered {
			total.aliveWith, total.aliveWithout = total.aliveWith+got.aliveWith, total.aliveWithout+got.aliveWithout
		}
	}
	with, without, s := w.costs(only)
	say("alive_with=%d alive_without=%d statements_with=%.1f statements_without=%.1f throughput=%.3f p99=%.2f",
		total.aliveWith, total.aliveWithout, with.both(), without.both(), s.throughput, s.p99)
}

// rhythm plays one.
func (w *world) rhythm(h rhythm, n int) []*ended {
	w.t.Helper()
	all, err := w.play(h, n)
	if keycloak.NotOffered(err) && w.jar == devstack.NoJar {
		w.t.Logf("rhythm %s was not played: %v", h.name, err)
		return nil
	}
	if err != nil {
		w.t.Error(err)
	}
	if got := count(h.name, all); got.tokens < n {
		w.t.Errorf("%s ended %d tokens, want %d", h.name, got.tokens, n)
	}
	return all
}

// judge prints a rhythm's line.
func (w *world) judge(h rhythm, all []*ended) tally {
	w.t.Helper()
	got := count(h.name, all)
	say("%s", got)
	switch {
	case got.aliveWith <= got.aliveWithout:
	case h.fallback && w.answered:
		say("%s is not counted: the admin REST API does that to whoever reads it, and this jar's own resource answers, so the worker does not read it", h.name)
	default:
		w.t.Errorf("%s: Keycloak refreshes %d of %d tokens that were ended, and %d without us", h.name, got.aliveWith, got.tokens, got.aliveWithout)
	}
	return got
}

// costs measures what an event costs Keycloak. The worker is stopped: it runs elsewhere in a deployment, and
// its looks are a matter of its settings, not of a logout.
func (w *world) costs(only *regexp.Regexp) (with, without statements, s speed) {
	w.t.Helper()
	must(w.t, w.stack.Kill("worker", syscall.SIGTERM))
	var err error
	if only.MatchString("statements") {
		n := number("HARM_STATEMENTS", 50)
		with, err = w.statements(w.with, n)
		must(w.t, err)
		without, err = w.statements(w.without, n)
		must(w.t, err)
		say("statements login_with=%.1f login_without=%.1f logout_with=%.1f logout_without=%.1f", with.login, without.login, with.logout, without.logout)
		if with.logout > without.logout+most+0.5 { // half a statement is Keycloak's own timers
			w.t.Errorf("a logout costs Keycloak %.1f statements with us and %.1f without: more than %d more", with.logout, without.logout, most)
		}
	}
	if only.MatchString("caches") {
		w.cachesAlike(number("HARM_SESSIONS", 1000))
	}
	if only.MatchString("speed") {
		s = w.speeds(number("HARM_PAIRS", 6), time.Duration(number("HARM_BLOCK_S", 6))*time.Second)
	}
	return with, without, s
}

func (w *world) cachesAlike(n int) {
	w.t.Helper()
	without, err := w.grow(w.without, n)
	must(w.t, err)
	with, err := w.grow(w.with, n)
	must(w.t, err)
	for _, name := range cached {
		say("cache=%s sessions=%d entries_with=%+.0f entries_without=%+.0f", name, n, with[name], without[name])
		if with[name] > without[name] {
			w.t.Errorf("a look at a user with %d sessions adds %.0f entries to Keycloak's cache %s, and without us %.0f come", n, with[name], name, without[name])
		}
	}
}

// hashes are the policies by which a login's password is compared: Keycloak's own, as in most deployments, and
// none to speak of, as where people come by an identity provider.
var hashes = []struct{ name, policy string }{{"quick", devstack.QuickHash}, {"keycloak", ""}}

// speeds measures with NATS and without, with each policy, and gives the worse of Keycloak's own. It fails nobody: it
// depends on the machine.
func (w *world) speeds(pairs int, length time.Duration) (worst speed) {
	w.t.Helper()
	users, err := w.many()
	must(w.t, err)
	alike := w.unheardTwice()
	alikes, err := alike.many()
	must(w.t, err)
	_, err = w.speed(users, warmUp, length)
	must(w.t, err)
	for _, nats := range []string{"up", "down"} {
		if nats == "down" {
			must(w.t, w.stack.Kill("nats", syscall.SIGKILL))
		}
		for _, h := range hashes {
			must(w.t, w.both(func(r *side) error {
				return r.call(w.ctx, http.MethodPut, "", map[string]string{"passwordPolicy": h.policy}, nil)
			}))
			s, err := w.speed(users, pairs, length)
			must(w.t, err)
			say("nats=%s hash=%s %s", nats, h.name, s)
			say("processor ms, with us: %s", s.processor[true])
			say("processor ms, without: %s", s.processor[false])
			if s.throughput < 0.97 || s.p99 > 1.1 {
				say("falls short: throughput is to be at least 0.97, p99 at most 1.1")
			}
			if h.policy == "" {
				worst = s.worse(worst)
			}
			s, err = alike.speed(alikes, pairs, length)
			must(w.t, err)
			say("nats=%s hash=%s nobody listens to either: %s", nats, h.name, s)
		}
	}
	return worst
}

// unheardTwice has the realm that nobody listens to on both sides, with users of their own: what is different then is
// chance, and no figure of the two realms can be better than that.
func (w *world) unheardTwice() *world {
	again := &side{Keycloak: w.without.Keycloak, app: w.without.app, now: map[string]bool{}}
	again.last.Store(1_000_000) // names that nobody has
	return &world{t: w.t, ctx: w.ctx, stack: w.stack, with: again, without: w.without}
}

// say prints a line of what was measured.
func say(format string, args ...any) {
	fmt.Printf(format+"\n", args...) //nolint:forbidigo // what the target prints
}
