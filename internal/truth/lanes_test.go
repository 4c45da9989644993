//go:build truth

package truth

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

// atOnce is how many actions run side by side. Two cores are busy with four.
const atOnce = 6

// act plays a round: each person's steps in their order, people side by side, and what
// concerns everybody spread among them.
func (w *world) act(common []step) {
	w.t.Helper()
	total := len(common)
	for _, p := range w.people {
		total += len(p.lane)
	}
	var wg sync.WaitGroup
	var done atomic.Int64
	slots := make(chan struct{}, atOnce)
	for _, p := range w.people {
		wg.Go(func() {
			for _, s := range p.lane {
				slots <- struct{}{}
				w.play(s, p)
				<-slots
				done.Add(1)
			}
		})
	}
	for i, s := range common {
		for done.Load() < int64((i+1)*(total-len(common))/(len(common)+1)) && w.ctx.Err() == nil {
			play.Pause(w.ctx, 20*time.Millisecond)
		}
		w.play(s, w.everybody)
	}
	wg.Wait()
}

// play carries one step out. While a part is killed an action may fail, and with an error of
// Keycloak's own at any time; what it did or did not do by then, Keycloak knows.
func (w *world) play(s step, p *person) {
	p.tell("%s (%s)", s.action.name, s.client)
	actor := w.by(s.seed)
	if p.browser != nil {
		p.browser = p.browser.On(actor.keycloak)
	}
	err := s.action.do(actor, p, actor.pick(p), s.client)
	w.mu.Lock()
	w.last = time.Now()
	w.counts[s.action.name]++
	w.mu.Unlock()
	switch {
	case err == nil || w.ctx.Err() != nil:
	case w.patient:
		p.tell("failed: %v", err)
		w.await()
	case unwell(err):
		p.tell("failed: %v", err)
		w.t.Logf("%s: %v", s.action.name, err)
	default:
		w.t.Errorf("%s: %v", s.action.name, err)
	}
}

// unwell: Keycloak answered 500, as 26.7.3 did once in 20,000 actions to the removal of a consent
// (OptimisticLockException on the row of a client session).
func unwell(err error) bool {
	status, ok := errors.AsType[*devstack.StatusError](err)
	return ok && status.Code >= http.StatusInternalServerError
}

// await waits until Keycloak answers again.
func (w *world) await() {
	for end := time.Now().Add(patience); time.Now().Before(end) && w.ctx.Err() == nil; play.Pause(w.ctx, 200*time.Millisecond) {
		if _, err := w.keycloak.Admin.Session(w.ctx); err == nil {
			return
		}
	}
}

// opened undoes what concerns everybody, so that a round can make keys and has living tokens.
func (w *world) opened() {
	w.t.Helper()
	left := w.left
	w.left = nil
	for _, undo := range slices.Backward(left) {
		w.must(undo())
	}
	w.must(w.call(http.MethodPut, "", map[string]any{"enabled": true, "notBefore": 0}, nil))
	for client := range w.uuid {
		w.must(w.client(client, map[string]any{"enabled": true, "notBefore": 0}))
	}
	if len(left) > 0 {
		play.Pause(w.ctx, w.settled) // a realm that counts as disabled makes no keys
	}
}

// undecided is how long verdicts may be in doubt beyond the time that the contract allows, which
// is counted and printed: authapi says itself that it does not know yet. Some doubts stay until a refresh decides, which
// comes next.
const undecided = 30 * time.Second

// verdicts asks authapi when the time that the contract allows is over, and again while it says that
// a verdict is in doubt.
func (w *world) verdicts(hs []*held) []play.Verdict {
	w.t.Helper()
	w.late()
	play.Pause(w.ctx, time.Until(w.last.Add(w.settled)))
	vs := w.decide(hs)
	began, doubted := time.Now(), inDoubt(vs)
	for inDoubt(vs) > 0 && time.Since(began) < undecided && w.ctx.Err() == nil {
		play.Pause(w.ctx, 250*time.Millisecond)
		vs = w.decide(hs)
	}
	if doubted > 0 {
		w.t.Logf("%d verdicts were in doubt for %.1f s longer than they should", doubted, time.Since(began).Seconds())
	}
	return vs
}

func inDoubt(vs []play.Verdict) (n int) {
	for _, v := range vs {
		if v.InDoubt {
			n++
		}
	}
	return n
}

func (w *world) decide(hs []*held) (vs []play.Verdict) {
	w.t.Helper()
	for from := 0; from < len(hs); from += 1000 {
		var qs []play.Question
		for _, h := range hs[from:min(from+1000, len(hs))] {
			qs = append(qs, play.Question{User: h.User, Client: h.client(), Session: h.Session, IssuedAt: h.IssuedAt})
		}
		some, err := w.backend.Decide(w.ctx, qs)
		w.must(err)
		vs = append(vs, some...)
	}
	return vs
}

// answers asks Keycloak, token by token; nil is a refresh. It is an action, too: it restarts the
// idle clock and, if refused, is an event; neither changes a verdict.
func (w *world) answers(hs []*held) []*play.RefusedError {
	w.t.Helper()
	out, errs := make([]*play.RefusedError, len(hs)), make([]error, len(hs))
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i, h := range hs {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t := h.Tokens
			t.Client = h.client() // another one than asked for it, where that was renamed meanwhile
			_, err := w.nodes[i%len(w.nodes)].Refresh(w.ctx, t)
			if !errors.As(err, &out[i]) {
				errs[i] = err
			}
		})
	}
	wg.Wait()
	w.must(errors.Join(errs...))
	return out
}

// tally counts verdicts.
type tally struct{ agree, living, doubted, falseRevoked, falseUsable int }

func (a tally) plus(b tally) tally {
	return tally{a.agree + b.agree, a.living + b.living, a.doubted + b.doubted, a.falseRevoked + b.falseRevoked, a.falseUsable + b.falseUsable}
}

func (a tally) tokens() int { return a.agree + a.doubted + a.falseRevoked + a.falseUsable }

func (a tally) String() string {
	return fmt.Sprintf("tokens=%d agree=%d doubted=%d false_revoked=%d false_usable=%d", a.tokens(), a.agree, a.doubted, a.falseRevoked, a.falseUsable)
}

// compare holds authapi's verdicts to Keycloak's answers, and gives those that were false.
func (w *world) compare() (n tally, wrong []*held) {
	w.t.Helper()
	hs := w.compared()
	vs := w.verdicts(hs)
	answers := w.answers(hs)
	for i, v := range vs {
		lives := answers[i] == nil
		if lives {
			n.living++
		}
		switch {
		case lives == (v.State == "usable") && (v.State != "unknown" || !hs[i].taken):
			n.agree++
			continue
		case v.State == "usable" && v.InDoubt && decides(hs[i], answers[i]):
			n.doubted++
			continue
		case lives:
			n.falseRevoked++
			hs[i].unlisted = w.unlisted(hs[i])
		default:
			n.falseUsable++
		}
		wrong = append(wrong, hs[i])
		w.explain(hs[i], v, answers[i])
	}
	return n, wrong
}

// decides: a refusal that no look shows whole, and of which authapi says that Keycloak must decide.
func decides(h *held, refused *play.RefusedError) bool {
	if refused == nil {
		return false
	}
	says := func(text string) bool { return strings.Contains(refused.Text, text) }
	ofAStore := h.owner.folder != "" && says("offline access not granted") // the store may give the role, and is not asked
	return ofAStore || says("requested consent") || says("Invalid token issuer")
}

// explain prints all that happened to the token's owner, for a person to understand it.
func (w *world) explain(h *held, v play.Verdict, refused *play.RefusedError) {
	w.t.Helper()
	says := "refreshes it"
	if refused != nil {
		says = refused.Error()
	}
	w.t.Errorf("authapi says %s %s of %s %s iat %d (%+v), but Keycloak %s; it lists it: %t\nuser %s:\n  %s\nheard:\n  %s",
		v.State, v.Reason, h.Client, h.Session, h.IssuedAt, v, says, !w.unlisted(h), h.owner.id, w.told(h.owner), w.heardOf(h))
}

// dead: what Keycloak refuses because it is dead already is an action, too.
func dead(err error) error {
	if _, ok := errors.AsType[*play.RefusedError](err); ok {
		return nil
	}
	return err
}
