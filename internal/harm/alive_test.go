//go:build harm

package harm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/play"
)

// atOnce is how many users act side by side in each realm. More would be slower on two cores.
const atOnce = 3

// later is how long after the first refresh a dead token is tried again.
const later = 15 * time.Second

// rhythm is a way in which tokens are ended.
type rhythm struct {
	name string
	per  int           // tokens that one user's story ends
	pace time.Duration // between the beginnings of two stories in a realm; 0: none

	// fallback: it reads Keycloak as the worker does only where the jar's resource does not answer.
	fallback bool

	// story is one user's; it gives the tokens that must be dead by now.
	story func(w *world, r *side) ([]play.Tokens, error)
	// around prepares both realms, and begins what goes on meanwhile. nil: nothing.
	around func(w *world) (over func() error, err error)
}

// ended is a token that was ended, and what Keycloak said of it after that.
type ended struct {
	play.Tokens
	side  *side
	tried time.Time // the first time
	alive bool
}

// tally counts one rhythm's tokens.
type tally struct {
	name                            string
	tokens, aliveWith, aliveWithout int
}

func (a tally) String() string {
	return fmt.Sprintf("rhythm=%s tokens=%d alive_with=%d alive_without=%d", a.name, a.tokens, a.aliveWith, a.aliveWithout)
}

// play plays a rhythm in both realms until n tokens were ended in each.
func (w *world) play(h rhythm, n int) (all []*ended, err error) {
	if h.around != nil {
		over, failed := h.around(w)
		if failed != nil {
			return nil, failed
		}
		defer func() { err = errors.Join(err, over()) }()
	}
	var mu sync.Mutex
	err = w.both(func(r *side) error {
		return crowd(w.ctx, (n+h.per-1)/h.per, h.pace, func() error {
			mine, err := w.one(h, r)
			mu.Lock()
			all = append(all, mine...)
			mu.Unlock()
			return err
		})
	})
	return all, err
}

// crowd does something n times, atOnce at once and not faster than pace. It ends with the first error.
func crowd(ctx context.Context, n int, pace time.Duration, do func() error) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	slots := make(chan struct{}, atOnce)
	for range n {
		slots <- struct{}{}
		mu.Lock()
		stop := failed != nil
		mu.Unlock()
		if stop {
			break
		}
		wg.Go(func() {
			err := do()
			mu.Lock()
			failed = errors.Join(failed, err)
			mu.Unlock()
			<-slots
		})
		play.Pause(ctx, pace)
	}
	wg.Wait()
	return failed
}

// one plays one user's story, and tries the tokens at once.
func (w *world) one(h rhythm, r *side) (out []*ended, err error) {
	tokens, err := h.story(w, r)
	if err != nil {
		return nil, fmt.Errorf("%s in realm %s: %w", h.name, r.Realm, err)
	}
	for _, t := range tokens {
		e := &ended{Tokens: t, side: r, tried: time.Now()}
		if e.alive, err = r.lives(w.ctx, t); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// again tries tokens once more, when the last of them was tried later ago. What was alive once stays counted.
func (w *world) again(all []*ended) error {
	last := time.Time{}
	for _, e := range all {
		if e.tried.After(last) {
			last = e.tried
		}
	}
	play.Pause(w.ctx, time.Until(last.Add(later)))
	var mu sync.Mutex
	next := 0
	return crowd(w.ctx, len(all), 0, func() error {
		mu.Lock()
		e := all[next]
		next++
		mu.Unlock()
		alive, err := e.side.lives(w.ctx, e.Tokens)
		e.alive = e.alive || alive
		return err
	})
}

func count(name string, all []*ended) tally {
	a := tally{name: name}
	for _, e := range all {
		switch {
		case e.side.heard && e.alive:
			a.aliveWith++
		case e.alive:
			a.aliveWithout++
		}
		if e.side.heard {
			a.tokens++
		}
	}
	return a
}
