package sim

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/pause"
)

// errLink is what a caller gets of a call that was lost: before it was done, or after.
var errLink = errors.New("the connection broke")

// link lies between a process and all that it calls. A call takes a moment; a cut or frozen link lets it wait, a bad one
// loses some calls and some answers, and whoever was killed calls nobody any more.
type link struct {
	mu     sync.Mutex
	chance *rand.Rand
	whole  time.Time // nothing passes before
	bad    time.Time // calls get lost until then
	killed bool
}

func (l *link) pass(ctx context.Context, do func() error) error {
	for wait := l.wait(); wait > 0; wait = l.wait() {
		if err := pause.For(ctx, wait); err != nil {
			return err
		}
	}
	if err := pause.For(ctx, l.moment()); err != nil {
		return err
	}
	if l.loses() {
		return errLink
	}
	if err := do(); err != nil {
		return err
	}
	if l.loses() {
		return errLink
	}
	return nil
}

func (l *link) wait() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Until(l.whole)
}

func (l *link) moment() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Duration(1+l.chance.IntN(5)) * time.Millisecond
}

func (l *link) loses() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.killed || time.Now().Before(l.bad) && l.chance.IntN(3) == 0
}

// cut lets nothing pass for so long.
func (l *link) cut(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.whole = time.Now().Add(d)
}

// worsen loses calls for so long.
func (l *link) worsen(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bad = time.Now().Add(d)
}

// heal ends whatever is wrong.
func (l *link) heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.whole, l.bad = time.Time{}, time.Time{}
}

func (l *link) kill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.killed = true
}
