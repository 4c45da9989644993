package projection

import (
	"context"
	"errors"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

var errStill = errors.New("the database has stood still for too long")

// whileAlive is ctx until nothing has been alive for a limit. How long a snapshot takes, its size decides, and no limit
// could be right for all; that nothing comes any more is a fault at any size. end says so in the place of an error that
// only tells that ctx has ended.
func whileAlive(ctx context.Context, limit time.Duration) (alive context.Context, yes func(), end func(*error)) {
	alive, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(limit, func() { cancel(errStill) })
	return alive, func() { timer.Reset(limit) }, func(err *error) {
		timer.Stop()
		if *err != nil && errors.Is(context.Cause(alive), errStill) {
			*err = errors.Join(errStill, *err)
		}
		cancel(nil)
	}
}

const (
	shownEvery = 1 << 10 // rows
	toldEvery  = 10 * time.Second
)

// progress passes a snapshot on, and shows how far it is.
type progress struct {
	to    Taker
	p     *Projection
	alive func()
	stop  func()
	full  *MemoryError // from then on nothing is passed on
	rows  int64
	began time.Time
	told  time.Time
}

func (p *Projection) progressing(to Taker, alive, stop func()) *progress {
	now := time.Now()
	p.reading.Store(0)
	return &progress{to: to, p: p, alive: alive, stop: stop, began: now, told: now}
}

// row counts one, and says whether it is passed on.
func (g *progress) row() bool {
	if g.full != nil {
		return false
	}
	if g.rows++; g.rows%shownEvery != 0 {
		return true
	}
	g.alive()
	if g.full = g.p.memory.full(g.rows); g.full != nil {
		g.stop()
		return false
	}
	g.p.reading.Store(g.rows)
	if now := time.Now(); now.Sub(g.told) >= toldEvery {
		g.told = now
		g.p.log.Info().Int64("rows", g.rows).Dur("since", now.Sub(g.began)).Msg("loading a snapshot")
	}
	return true
}

// Begin implements Taker.
func (g *progress) Begin(version int64, nonce string) { g.alive(); g.to.Begin(version, nonce) }

// Fact implements Taker.
func (g *progress) Fact(r tokenstate.Row) {
	if g.row() {
		g.to.Fact(r)
	}
}

// Token implements Taker.
func (g *progress) Token(t Token) {
	if g.row() {
		g.to.Token(t)
	}
}

// Key implements Taker.
func (g *progress) Key(k apikey.Record) {
	if g.row() {
		g.to.Key(k)
	}
}

// ServiceKey implements Taker.
func (g *progress) ServiceKey(k ServiceKey) {
	if g.row() {
		g.to.ServiceKey(k)
	}
}

// Member implements Taker.
func (g *progress) Member(m apikey.Member) {
	if g.row() {
		g.to.Member(m)
	}
}
