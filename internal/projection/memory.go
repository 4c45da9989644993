package projection

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/tokenstate/tokenstate/internal/pause"
)

// A snapshot that is more than the memory holds must not be loaded to the bitter end: the collector would do nothing but
// collect, or the kernel would end the program, again and again.
const (
	fullPart  = 10 // the last part of so many of the limit is for what is no snapshot
	fullPause = time.Minute
)

// MemoryError says that a snapshot is more than the program may have of memory.
type MemoryError struct {
	Rows  int64  // that were loaded
	Of    int64  // that there are, about; 0: not known
	Live  uint64 // bytes in use by then
	Limit uint64 // bytes that GOMEMLIMIT allows
}

func (e *MemoryError) Error() string {
	const mib = 1 << 20
	of, want := "of an unknown number", "more"
	if e.Of > e.Rows {
		of = fmt.Sprintf("of about %d", e.Of)
		want = fmt.Sprintf("at least %d MiB", int64(float64(e.Live)*float64(e.Of)/float64(e.Rows)*fullPart/(fullPart-1))/mib+1)
	}
	return fmt.Sprintf("the state does not fit into memory: after %d rows %s, %d MiB are in use of the %d MiB of GOMEMLIMIT; "+
		"give the program %s, and set GOMEMLIMIT to nine tenths of that (docs/scale.md says what a token takes)", e.Rows, of, e.Live/mib, e.Limit/mib, want)
}

// Sized is a Source that can tell about how many rows a snapshot has.
type Sized interface {
	SnapshotRows(ctx context.Context) (int64, error)
}

// memory tells how many bytes are in use, as the last collection found, and how many may be.
type memory func() (live, limit uint64)

func goMemory() (live, limit uint64) {
	limit = uint64(debug.SetMemoryLimit(-1)) // it only asks
	if limit == math.MaxInt64 {
		return 0, limit
	}
	used := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(used)
	return used[0].Value.Uint64(), limit
}

// full is why no more rows are loaded; nil while there is room. What an earlier load has left behind does not count.
func (m memory) full(rows int64) *MemoryError {
	tooMuch := func() (uint64, uint64, bool) {
		live, limit := m()
		return live, limit, live > limit/fullPart*(fullPart-1)
	}
	if _, _, so := tooMuch(); !so {
		return nil
	}
	runtime.GC()
	live, limit, so := tooMuch()
	if !so {
		return nil
	}
	return &MemoryError{Rows: rows, Live: live, Limit: limit}
}

// sized says in e about how many rows there are.
func (p *Projection) sized(ctx context.Context, e *MemoryError) *MemoryError {
	if s, ok := p.source.(Sized); ok {
		e.Of, _ = s.SnapshotRows(ctx) // it may stay unknown
	}
	return e
}

// waitForMemory lets the memory go that was in vain, says why, once, and waits: nothing but a new start with more, or less
// that is held, makes another outcome.
func (p *Projection) waitForMemory(ctx context.Context, e *MemoryError) {
	p.mu.Lock()
	first := p.full == nil
	p.full = e
	p.mu.Unlock()
	debug.FreeOSMemory()
	if first {
		p.log.Error().Err(e).Dur("pause", p.fullPause).Msg("no snapshot is loaded; it is tried again")
	}
	_ = pause.About(ctx, p.fullPause)
}
