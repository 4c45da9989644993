package projection

import (
	"context"
	"testing"

	"github.com/rs/zerolog"
)

// counted is a projection, and how many snapshots it has loaded.
func counted(h *history, o Options) (p *Projection, loads *int) {
	loads = new(int)
	o.Loaded = func() { *loads++ }
	return New(h, o, zerolog.Nop()), loads
}

// Ensure what was known in another epoch is not gone on from, although its versions lead on.
func TestANewEpochIsLoadedAnew(t *testing.T) {
	h := newHistory()
	h.add("n1")
	p, loads := counted(h, Options{})
	step(t, p)
	h.status.Epoch++
	step(t, p)
	if *loads != 2 {
		t.Errorf("%d snapshots in two epochs", *loads)
	}
}

// turning is a database in which something happens while a snapshot is read.
type turning struct {
	*history
	meanwhile func()
}

func (d turning) Snapshot(ctx context.Context, to Taker) error {
	defer d.meanwhile()
	return d.history.Snapshot(ctx, to)
}

// Ensure only a state that is one epoch's, and that a worker has confirmed, is kept for a start without the
// database: nothing there would say that it is not whole.
func TestWhatIsNotOneConfirmedStateIsNotKept(t *testing.T) {
	for name, c := range map[string]struct {
		before, meanwhile func(*history)
		kept              bool
	}{
		"confirmed":   {kept: true},
		"unconfirmed": {before: func(h *history) { h.status.Confirmed = false }},
		"two epochs":  {meanwhile: func(h *history) { h.status.Epoch++ }},
	} {
		h, s := newHistory(), &shelf{}
		h.add("n1")
		if c.before != nil {
			c.before(h)
		}
		p := New(turning{h, func() {
			if c.meanwhile != nil {
				c.meanwhile(h)
			}
		}}, Options{Keeper: s}, zerolog.Nop())
		if err := p.keep(t.Context()); err != nil || (s.raw != nil) != c.kept {
			t.Errorf("%s: kept %v, %v", name, s.raw != nil, err)
		}
	}
}

// Ensure who knew nothing before asks no feed: it may be as long as a snapshot, and is read as a whole.
func TestTheFirstLoadReadsNoFeed(t *testing.T) {
	h := newHistory()
	h.add("n1")
	p, _ := counted(h, Options{})
	if step(t, p); h.asked != 0 || p.Version() != 1 {
		t.Errorf("the feed was asked %d times for version %d", h.asked, p.Version())
	}
}
