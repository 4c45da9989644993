//go:build harm

package harm

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// settled is by when verdicts are right after a bulk action. A subject whose looks were long is not looked at again
// for up to a minute, and of many users the worker asks one after the other.
const settled = 90 * time.Second

// patience is for one answer of Keycloak's: it works on 20,000 users in one transaction, of at most five minutes.
const patience = 6 * time.Minute

// Ensure that what concerns thousands of sessions or users at once is told in bounded messages, delays Keycloak's
// answer no more than a look at one user, leaves its tables as they would be without us, and is judged right.
func TestBulk(t *testing.T) {
	only := regexp.MustCompile(os.Getenv("HARM_ONLY"))
	w := start(t, "harm-bulk")
	for _, c := range []struct {
		name string
		play func(*world, *testing.T, int)
		n    int
	}{
		{"wealthy_1000", (*world).wealthy, 1000},
		{"wealthy_5000", (*world).wealthy, number("HARM_SESSIONS", 5000)},
		{"logout_all", (*world).logoutAll, number("HARM_LOGOUTS", 50000)},
		{"partial_import", (*world).partialImports, number("HARM_IMPORTS", 20000)},
	} {
		if only.MatchString(c.name) {
			t.Run(c.name, func(t *testing.T) { c.play(w, t, c.n) })
		}
	}
}

// did is what one action of an administrator took, and what it left of the realm in Keycloak's tables.
type did struct {
	took time.Duration
	rows tables
}

// administer has the administrator do the same in both realms, first in the one that nobody listens to, and says how
// long Keycloak took and what the listener has not told by then or never will.
func (w *world) administer(t *testing.T, name string, do func(context.Context, *side) error) {
	t.Helper()
	dropped := w.metric(t, "tokenstate_listener_dropped_total")
	all := map[*side]did{}
	for _, r := range []*side{w.without, w.with} {
		began := time.Now()
		must(t, do(w.ctx, r))
		all[r] = did{took: time.Since(began)}
	}
	queued, held := w.metric(t, "tokenstate_listener_queued"), w.metric(t, "tokenstate_listener_held_back")
	play.Pause(w.ctx, 2*drained)
	for r, d := range all {
		d.rows = w.tables(t, r)
		all[r] = d
	}
	with, without := all[w.with], all[w.without]
	say("bulk=%s answer_with_ms=%d answer_without_ms=%d queued=%.0f held_back=%.0f dropped=%.0f heap_mb=%.0f rows_with={%s} rows_without={%s}", name, with.took.Milliseconds(), without.took.Milliseconds(),
		queued, held, w.metric(t, "tokenstate_listener_dropped_total")-dropped, w.metric(t, `jvm_memory_used_bytes{area="heap"`)/(1<<20), with.rows, without.rows)
	if with.rows != without.rows {
		t.Errorf("%s: Keycloak's tables have %s with us and %s without", name, with.rows, without.rows)
	}
}

// guest is a person whose offline token authapi holds.
type guest struct {
	token  play.Tokens
	claims play.Claims
}

// admit logs a user in, and gives authapi the token where the realm is heard.
func (w *world) admit(r *side, name string) (guest, error) {
	token, err := r.Grant(w.ctx, "app", name, play.Offline)
	if err != nil {
		return guest{}, err
	}
	claims, err := token.Claims()
	if err != nil || !r.heard {
		return guest{token, claims}, err
	}
	a, err := w.backend.Store(w.ctx, token)
	if err == nil && a.Status/100 != 2 {
		err = fmt.Errorf("store: %d %v", a.Status, a.Body)
	}
	return guest{token, claims}, err
}

// judged waits until our verdicts on the guests of the heard realm are what Keycloak then says of their tokens, and of
// those of the other realm.
func (w *world) judged(t *testing.T, name string, with, without []guest, alive bool) {
	t.Helper()
	began := time.Now()
	var questions []play.Question
	for _, g := range with {
		questions = append(questions, play.Question{User: g.claims.User, Client: "app", Session: g.claims.Session, IssuedAt: g.claims.IssuedAt})
	}
	for {
		vs, err := w.backend.Decide(w.ctx, questions)
		must(t, err)
		wrong := 0
		for _, v := range vs {
			if (v.State == "usable") != alive || v.InDoubt {
				wrong++
			}
		}
		if wrong == 0 {
			break
		}
		if time.Since(began) > settled {
			t.Errorf("%s: %d of %d verdicts are wrong or in doubt after %s: %+v", name, wrong, len(vs), settled, vs)
			break
		}
		play.Pause(w.ctx, 200*time.Millisecond)
	}
	say("bulk=%s right_after_s=%.1f", name, time.Since(began).Seconds())
	for r, all := range map[*side][]guest{w.with: with, w.without: without} {
		for _, g := range all {
			if lives, err := r.lives(w.ctx, g.token); err != nil || lives != alive {
				t.Errorf("%s: Keycloak refreshes a token of realm %s: %t %v, want %t", name, r.Realm, lives, err, alive)
			}
		}
	}
}

// slowly is an administrator's call whose answer may take minutes.
func (r *side) slowly(ctx context.Context, path string, body any) error {
	s, err := r.Admin.Session(ctx)
	if err != nil {
		return err
	}
	_, err = s.Within(patience).Call(ctx, http.MethodPost, "/"+r.Realm+path, body, nil)
	return err
}

// metric is the sum of those of Keycloak's metrics whose line begins so; 0 if there is none.
func (w *world) metric(t *testing.T, name string) (sum float64) {
	t.Helper()
	req, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.stack.KeycloakMetricsURL(), nil)
	must(t, err)
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, name) {
			fields := strings.Fields(line)
			value, err := strconv.ParseFloat(fields[len(fields)-1], 64)
			must(t, err)
			sum += value
		}
	}
	return sum
}
