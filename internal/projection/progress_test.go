package projection

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/apikey"
)

// slow is a database whose snapshot comes in parts, each after a pause.
type slow struct {
	*history

	parts int
	pause func(part int) time.Duration
	seen  func(part int)
}

func (s slow) Snapshot(ctx context.Context, to Taker) error {
	to.Begin(1, "n1")
	for part := range s.parts {
		select {
		case <-time.After(s.pause(part)):
		case <-ctx.Done():
			return ctx.Err()
		}
		for i := range shownEvery {
			to.Key(apikey.Record{ID: string(rune('a'+part)) + strings.Repeat("x", i), Realm: "r", User: "u"})
		}
		s.seen(part)
	}
	return nil
}

// Ensure a snapshot may take any time as long as it comes, and that it is seen how far it is.
func TestASnapshotMayTakeAnyTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHistory()
		h.add("n1")
		var p *Projection
		s := slow{h, 10, func(int) time.Duration { return 50 * time.Second }, func(part int) {
			if _, why := p.Ready(); part > 0 && !strings.Contains(why, "rows so far") {
				t.Errorf("after part %d it is said: %s", part, why)
			}
		}}
		p = New(s, Options{LoadLimit: time.Minute}, zerolog.Nop())
		began := time.Now()
		step(t, p)
		if ok, why := p.Ready(); !ok || time.Since(began) < 5*time.Minute || !p.HasKey("j") {
			t.Errorf("after %s ready %v: %s", time.Since(began), ok, why)
		}
	})
}

// Ensure a database that stands still is not waited for, and that half a snapshot is nothing: what was known before goes
// on being answered.
func TestHalfASnapshotChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHistory()
		h.add("n1")
		still := false
		s := slow{h, 2, func(part int) time.Duration {
			if still && part == 1 {
				return time.Hour
			}
			return 0
		}, func(int) {}}
		p := New(s, Options{LoadLimit: time.Minute}, zerolog.Nop())
		step(t, p)
		h.status.Epoch++
		before := p.st
		still = true
		began := time.Now()
		if _, err := p.step(t.Context()); !errors.Is(err, errStill) || time.Since(began) > 2*time.Minute {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		if p.st != before {
			t.Error("half a snapshot is answered from")
		}
		if _, why := p.Ready(); strings.Contains(why, "rows") {
			t.Error(why)
		}
	})
}
