package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// What Store and Log answer beside passing faults.
var (
	ErrNotActive = errors.New("the floor has moved: another worker is active")
	ErrMissing   = errors.New("the log does not hold this sequence")
	ErrContent   = errors.New("the database refuses what a message says")
)

// Gap is a Reader's error when the log skipped sequences.
type Gap struct{ Want, Got uint64 }

func (g *Gap) Error() string {
	return fmt.Sprintf("the log skips from sequence %d to %d", g.Want, g.Got)
}

// Info is the identity and extent of the log.
type Info struct {
	Name        string
	Created     time.Time
	First, Last uint64
}

// Entry is one message as the log delivered it.
type Entry struct {
	Seq      uint64
	Subject  string
	Received events.Millis
	Raw      []byte
}

// Log is read in order; after any error of a Reader a new one is made.
type Log interface {
	Info(context.Context) (Info, error)
	At(ctx context.Context, seq uint64) ([]byte, error) // ErrMissing
	Read(ctx context.Context, floor uint64) (Reader, error)
}

// Reader yields what lies after the floor, for one goroutine.
type Reader interface {
	Next(context.Context) (Entry, error)
	Stop()
}

// Floor is how far the log is applied: its identity, the sequence, and the SHA-256 in hex of
// the message there. Created is rounded down to microseconds, which is what Postgres keeps.
type Floor struct {
	Stream  string
	Created time.Time
	Seq     uint64
	Digest  string
}

func (f Floor) same(g Floor) bool { return f.Seq == g.Seq && f.Digest == g.Digest }

// Line is one applied message for the journal.
type Line struct {
	ID       string
	Seq      uint64
	Received events.Millis
	Realm    string
	Class    string
	Raw      []byte
	About    []string // whom it names: events.Message.About
}

// Parked is a message that could not be decoded.
type Parked struct {
	Seq             uint64
	Received        events.Millis
	Subject, Reason string
	Raw             []byte
}

// Heartbeat is one word of a node; Value is JSON.
type Heartbeat struct {
	Node         string
	At, Received events.Millis
	Value        []byte
}

// Batch is what one transaction applies.
type Batch struct {
	From, To   Floor
	Journal    []Line
	Facts      tokenstate.Facts
	Parked     []Parked
	Heartbeats []Heartbeat
	Erase      []tokenstate.Erasure // users whose personal fields go, in this batch too

	start    start
	entries  []Entry // what it is made of, for another try in parts
	bytes    int
	restored bool // a mark in it shows that the database forgot what it had applied
}

// Store applies a batch whole or not at all, and answers ErrNotActive when the floor is not From, and
// ErrContent when no repetition could help. What is parked it takes whatever that holds.
// After another error the outcome may be unknown: Floor tells.
type Store interface {
	Floor(context.Context) (Floor, error)
	Apply(context.Context, Batch) error
}

// Epochs names what the database's readers trust. Restored begins a new epoch, Confirm says that the log
// has been read to its end in it. Repeating either is harmless. History is another one after whatever can
// lose what was committed: a restart, a promotion, a restore. Confirm fails if it is not the present one.
type Epochs interface {
	Restored(context.Context) error
	History(context.Context) (string, error)
	Confirm(ctx context.Context, history string) error
}
