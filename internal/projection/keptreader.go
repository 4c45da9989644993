package projection

import (
	"errors"
	"fmt"
	"io"

	"github.com/tokenstate/tokenstate/internal/strictjson"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// kept has read read what was kept, if there is any.
func (p *Projection) kept(read func(io.Reader) error) (there bool, err error) {
	from, err := p.opts.Keeper.Kept()
	if err != nil || from == nil {
		return false, err
	}
	return true, errors.Join(read(from), from.Close())
}

// fromKept makes the state that was kept.
func (p *Projection) fromKept() (h keptHeader, st *state, err error) {
	defer p.reading.Store(0)
	b := newBuilder()
	there, err := p.kept(func(from io.Reader) (err error) {
		g := p.progressing(b, func() {}, func() {})
		if h, err = readKept(from, g); g.full != nil {
			return g.full
		}
		return err
	})
	if err == nil && !there {
		err = errKept
	}
	return h, b.st, err
}

// unused says why there is nothing to answer from while the database is away.
func (p *Projection) unused(why string) {
	p.log.Warn().Msg(why)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.whyUnused = why
}

// readKept shows a kept snapshot.
func readKept(from io.Reader, to Taker) (keptHeader, error) {
	w := newReader(from)
	h, err := w.header()
	if err != nil {
		return h, err
	}
	to.Begin(h.Version, h.Nonce)
	var room entry // for all of them: a variable of the loop would be another one each time
	for w.next(&room, to) {
	}
	if w.err == nil {
		if _, err := w.in.ReadByte(); !errors.Is(err, io.EOF) {
			w.fail(errors.New("something follows its end"))
		}
	}
	return h, w.unreadable()
}

func (w *wire) unreadable() error {
	if w.err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errKept, w.err)
}

// header reads what the snapshot is of.
func (w *wire) header() (h keptHeader, err error) {
	raw := w.itself(w.uint(0))
	if w.err != nil {
		return h, w.unreadable()
	}
	forms, err := entryForms()
	if err != nil {
		return h, err
	}
	h, err = strictjson.Stored[keptHeader]([]byte(raw))
	if err != nil || h.Format != keptFormat || h.Forms != forms {
		return h, errKept
	}
	return h, nil
}

// next shows the next entry; false: there is none any more, or it cannot be read.
func (w *wire) next(room *entry, to Taker) bool {
	var kind byte
	w.byte(&kind)
	switch kind {
	case entryEnd:
		return false
	case entryToken:
		if w.token(&room.token); w.err == nil {
			to.Token(room.token)
		}
	case entryKey:
		if w.key(&room.key); w.err == nil {
			to.Key(room.key)
		}
	case entryServiceKey:
		var k ServiceKey // it has lists of its own
		if w.serviceKey(&k); w.err == nil {
			to.ServiceKey(k)
		}
	case entryMember:
		if w.member(&room.member); w.err == nil {
			to.Member(room.member)
		}
	default:
		if r := w.fact(kind, room); w.err == nil {
			to.Fact(r)
		}
	}
	return w.err == nil
}

func (w *wire) fact(kind byte, room *entry) tokenstate.Row {
	switch kind {
	case entryStanding:
		w.standing(&room.standing)
		return &room.standing
	case entryLook:
		w.look(&room.look)
		return &room.look
	case entrySighting:
		w.sighting(&room.sighting)
		return &room.sighting
	case entryRefusal:
		w.refusal(&room.refusal)
		return &room.refusal
	case entryCutoff:
		w.cutoff(&room.cutoff)
		return &room.cutoff
	case entryPardon:
		w.pardon(&room.pardon)
		return &room.pardon
	case entryDoubt:
		w.doubt(&room.doubt)
		return &room.doubt
	}
	w.fail(fmt.Errorf("there is no entry of kind %d", kind))
	return nil
}
