// Package journal is what passes between the log, the worker and the state: messages as they were delivered, how far they
// are applied, and what one transaction applies.
package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// What a log and a store answer beside passing faults.
var (
	ErrMissing   = errors.New("the log does not hold this sequence")
	ErrNotActive = errors.New("the floor has moved: another worker is active; read the floor again")
	ErrContent   = errors.New("the database refuses what a message says, however often it is asked")
)

// GapError says that the log skipped sequences: it was truncated, expired or lost some.
type GapError struct{ Want, Got uint64 }

func (g *GapError) Error() string {
	return fmt.Sprintf("the log has a gap: wanted sequence %d, got %d", g.Want, g.Got)
}

// Extent is the identity and extent of the log. First and Last are 0 and 0, or 1 and 0, while it is empty.
type Extent struct {
	Name        string
	Created     time.Time // with the name, the stream's identity: a re-created one has another
	First, Last uint64
}

// Entry is one message as the log delivered it.
type Entry struct {
	Seq      uint64
	Subject  string
	Received events.Millis // the log's own time
	Raw      []byte
	Trace    string // W3C traceparent of what caused the message; whoever publishes writes it, so it is no more than a hint
}

// Reader yields what lies after a floor, in order, for one goroutine. After any error a new one is made.
type Reader interface {
	Next(context.Context) (Entry, error) // *GapError
	Stop()
}

// Floor is how far the log is applied: its identity, the sequence, and the SHA-256 in hex of the message there. Created is
// rounded down to microseconds, which is what Postgres keeps.
type Floor struct {
	Stream  string
	Created time.Time // of the stream, so that a re-created one is noticed
	Seq     uint64
	Digest  string
}

// Same reports whether both are at the same message.
func (f Floor) Same(g Floor) bool { return f.Seq == g.Seq && f.Digest == g.Digest }

// Line is one applied message, as the journal keeps it.
type Line struct {
	ID       string
	Seq      uint64
	Received events.Millis
	Realm    string
	Class    string
	Raw      []byte
	About    []string // whom it names: events.Message.About
	// At and Trace are for who measures, and are not stored beside Raw.
	At    events.Millis
	Trace string
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

// Batch is what one transaction applies. From is the floor it starts at, To where it ends.
type Batch struct {
	From, To   Floor
	Lines      []Line
	Facts      tokenstate.Facts
	Parked     []Parked
	Heartbeats []Heartbeat
	Erase      []tokenstate.Erasure // users whose personal fields go, in this batch too
}

// Applied says what a batch changed: the feed's version after it, and how many facts.
type Applied struct {
	Version int64 // 0 if nothing changed
	Changed int
}

// Waiting is an order on its way to the log.
type Waiting struct {
	ID      string
	Raw     []byte
	Created time.Time
}

// ViewRow is the SQL view's answer about one token.
type ViewRow struct {
	State, Reason string
	Since         tokenstate.Millis
	Event         string
}
