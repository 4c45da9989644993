//go:build truth

package truth

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// Bounds of watching newborn tokens.
const (
	newborns = 8
	watched  = 1500 * time.Millisecond
)

// births watches tokens from their first moment. Each is born while another session of its
// user ends, so that a look is taken at once: Keycloak has not written the new session by then
// (74 of 100 times), and a verdict from that look would be false, if only for half a second.
func (w *world) births(round int) (falseRevoked int) {
	w.t.Helper()
	var wg sync.WaitGroup
	faults := make([]string, newborns)
	for n := range newborns {
		p := &person{name: fmt.Sprintf("newborn-%d-%d-%s", round, n, w.people[0].name), browser: w.keycloak.NewBrowser()}
		wg.Go(func() { faults[n] = w.born1(p) })
	}
	wg.Wait()
	for _, fault := range faults {
		if fault != "" {
			falseRevoked++
			w.t.Error(fault)
		}
	}
	return falseRevoked
}

// born1 says what was wrong, "" if nothing.
func (w *world) born1(p *person) string {
	if err := errors.Join(w.make(p), w.mint(p)); err != nil {
		return err.Error()
	}
	w.joined(p)
	old, err := w.keycloak.Grant(w.ctx, "app", p.name, play.Offline)
	if err != nil {
		return err.Error()
	}
	var wg sync.WaitGroup
	var ended error
	wg.Go(func() { ended = w.keycloak.Logout(w.ctx, old) })
	t, err := w.keycloak.Grant(w.ctx, "app", p.name, play.Offline)
	wg.Wait()
	if err != nil || ended != nil {
		return fmt.Sprint(err, ended)
	}
	c, err := t.Claims()
	if err != nil {
		return err.Error()
	}
	q := []play.Question{{User: p.id, Client: "app", Session: c.Session, IssuedAt: c.IssuedAt}}
	if _, err := w.backend.Store(w.ctx, t); err != nil {
		return err.Error()
	}
	for end := time.Now().Add(watched); time.Now().Before(end); play.Pause(w.ctx, 10*time.Millisecond) {
		v, err := w.backend.Decide(w.ctx, q)
		if err != nil {
			return err.Error()
		}
		if v[0].State != "usable" {
			return fmt.Sprintf("a living newborn token is called %s %s (%+v)", v[0].State, v[0].Reason, v[0])
		}
	}
	return ""
}
