//go:build truth

package truth

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// settled is what the contract promises of devstack's configuration: every verdict of 100
// users is settled so long after the last action.
const settled = 4 * time.Second

// unheard is what it takes without a listener: devstack's backfill leaves an event to its listener
// for 5 s, reads every 2 s, and a look follows.
const unheard = 12 * time.Second

// Ensure that after random real actions authapi's verdict of every token equals Keycloak's own
// answer to a refresh.
func TestVerdictsEqualKeycloaks(t *testing.T) {
	seed := number("TRUTH_SEED", time.Now().UnixNano()%1_000_000_000)
	rounds, perRound := number("TRUTH_ROUNDS", 3), number("TRUTH_ACTIONS", 60)
	w := newWorld(t, seed, int(number("TRUTH_USERS", 20)))
	if os.Getenv("TRUTH_LISTENER") == "off" {
		w.settled = unheard
	}
	agree, revoked, usable := 0, 0, 0
	for round := range rounds {
		w.opened()
		if w.settled > settled {
			play.Pause(w.ctx, w.settled) // nobody has told of it: newborns would be called suspended
		}
		newborn := w.births(round)
		for range perRound {
			w.act()
		}
		a, r, u := w.compare(w.verdicts())
		a, r = a+newborns-newborn, r+newborn
		agree, revoked, usable = agree+a, revoked+r, usable+u
		t.Logf("round %d: actions=%d tokens=%d agree=%d false_revoked=%d false_usable=%d seed=%d", round+1, perRound, a+r+u, a, r, u, seed)
	}
	fmt.Printf("actions=%d tokens=%d agree=%d false_revoked=%d false_usable=%d seed=%d\n", rounds*perRound, agree+revoked+usable, agree, revoked, usable, seed) //nolint:forbidigo // the contract's line
	if agree == 0 {
		t.Error("nothing was compared")
	}
}

func number(name string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// opened undoes what concerns everybody, so that a round has living tokens.
func (w *world) opened() {
	w.t.Helper()
	w.must(w.call(http.MethodPut, "", map[string]any{"enabled": true, "notBefore": 0}, nil))
	for client := range w.uuid {
		w.must(w.client(client, map[string]any{"enabled": true, "notBefore": 0}))
	}
}

func (w *world) act() {
	w.t.Helper()
	w.must(w.try())
}

// try does one random action. Its error is a fault of a program, never a refusal.
func (w *world) try() error {
	total := 0
	for _, a := range actions {
		total += a.weight
	}
	n := w.rnd.Intn(total)
	for _, a := range actions {
		if n -= a.weight; n >= 0 {
			continue
		}
		p := w.people[w.rnd.Intn(len(w.people))]
		p.tell("%s", a.name)
		if err := a.do(w, p, w.pick(p), []string{"app", "app2"}[w.rnd.Intn(2)]); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		w.last = time.Now()
		return nil
	}
	return nil
}

func (w *world) pick(p *person) *held {
	var own []*held
	for _, h := range w.held {
		if h.owner == p {
			own = append(own, h)
		}
	}
	if len(own) == 0 {
		return nil
	}
	return own[w.rnd.Intn(len(own))]
}

// verdicts asks authapi, once, when the time that the contract allows is over.
func (w *world) verdicts() []play.Verdict {
	w.t.Helper()
	play.Pause(w.ctx, time.Until(w.last.Add(w.settled)))
	var vs []play.Verdict
	for from := 0; from < len(w.held); from += 1000 {
		var qs []play.Question
		for _, h := range w.held[from:min(from+1000, len(w.held))] {
			qs = append(qs, play.Question{User: h.User, Client: h.Client, Session: h.Session, IssuedAt: h.IssuedAt})
		}
		some, err := w.backend.Decide(w.ctx, qs)
		w.must(err)
		vs = append(vs, some...)
	}
	return vs
}

// compare asks Keycloak, token by token. The refresh is an action, too: it restarts the idle
// clock and, if refused, is an event; neither changes a verdict.
func (w *world) compare(vs []play.Verdict) (agree, falseRevoked, falseUsable int) {
	w.t.Helper()
	answers := make([]error, len(vs))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := range vs {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			_, answers[i] = w.keycloak.Refresh(w.ctx, w.held[i].Tokens)
		})
	}
	wg.Wait()
	for i, v := range vs {
		var refused *play.Refused
		if answers[i] != nil && !errors.As(answers[i], &refused) {
			w.t.Fatal(answers[i])
		}
		switch lives := refused == nil; {
		case lives == (v.State == "usable"):
			agree++
			continue
		case lives:
			falseRevoked++
		default:
			falseUsable++
		}
		w.explain(w.held[i], v, refused)
	}
	return agree, falseRevoked, falseUsable
}

// explain prints all that happened to the token's owner, for a person to understand it.
func (w *world) explain(h *held, v play.Verdict, refused *play.Refused) {
	w.t.Helper()
	says := "refreshes it"
	if refused != nil {
		says = refused.Error()
	}
	w.t.Errorf("authapi says %s %s of %s %s iat %d (%+v), but Keycloak %s\nuser %s:\n  %s",
		v.State, v.Reason, h.Client, short(h.Session), h.IssuedAt, v, says, h.owner.id, strings.Join(h.owner.story, "\n  "))
}
