package worker

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/journal"
)

// Log is read in order; after any error of a Reader a new one is made.
type Log interface {
	Info(context.Context) (journal.Extent, error)
	At(ctx context.Context, seq uint64) ([]byte, error) // journal.ErrMissing
	Read(ctx context.Context, floor uint64) (journal.Reader, error)
}

// batch is what one transaction applies, and what the worker must know beside it.
type batch struct {
	journal.Batch

	start    start
	entries  []journal.Entry // what it is made of, for another try in parts
	bytes    int
	restored bool // a mark in it shows that the database forgot what it had applied
}

// Store applies a batch whole or not at all, and answers journal.ErrNotActive when the floor is not From, and
// journal.ErrContent when no repetition could help. What is parked it takes whatever that holds.
// After another error the outcome may be unknown: Floor tells.
type Store interface {
	Floor(context.Context) (journal.Floor, error)
	Apply(context.Context, journal.Batch) (journal.Applied, error)
}

// Epochs names what the database's readers trust. Restored begins a new epoch, Confirm says that the log
// has been read to its end in it. Repeating either is harmless. History is another one after whatever can
// lose what was committed: a restart, a promotion, a restore. Confirm fails if it is not the present one.
type Epochs interface {
	Restored(context.Context) error
	History(context.Context) (string, error)
	Confirm(ctx context.Context, history string) error
}
