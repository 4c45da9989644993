package projection

import (
	"context"
	"errors"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
)

// Bounds of the read-through: another replica may just have minted the key, but whoever sends
// made-up ids must not become the database's load.
const (
	readThrough      = 50 // a second
	readThroughBurst = 100
	findLimit        = 2 * time.Second
	absentFor        = time.Second // a new key must work at once
	maxAbsent        = 10_000
)

// ErrBusy says that too many unknown keys are being looked for; whether this one exists is not known.
var ErrBusy = errors.New("too many unknown keys at once")

// KeyByID finds a key. One that memory lacks is looked for in the database; an error means
// that it is not known whether it exists.
func (p *Projection) KeyByID(ctx context.Context, id string) (apikey.Record, bool, error) {
	p.mu.RLock()
	var rec apikey.Record
	ok := false
	if p.st != nil {
		rec, ok = p.st.key(id)
	}
	gone := !ok && time.Since(p.absent[id]) < absentFor
	p.mu.RUnlock()
	if ok || gone {
		return rec, ok, nil
	}
	got, err, _ := p.find.Do(id, func() (any, error) {
		if !p.limit.Allow() {
			return nil, ErrBusy
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), findLimit)
		defer cancel()
		return p.fetch(ctx, id)
	})
	if err != nil {
		return apikey.Record{}, false, err
	}
	rec = got.(apikey.Record) // the function above returns nothing else
	return rec, rec.ID != "", nil
}

func (p *Projection) fetch(ctx context.Context, id string) (apikey.Record, error) {
	rec, ok, err := p.source.FindKey(ctx, id)
	if err != nil {
		return apikey.Record{}, err
	}
	if ok {
		return rec, nil // not kept: the feed brings it, at its version
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lacks(id)
	return apikey.Record{}, nil
}
