// Package postgres keeps what was learnt in Postgres: facts, journal, floor and feed, written
// together in one transaction per batch. The commit is the acknowledgement.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

var q = dbsqlc.New()

// Faults that callers tell apart.
var (
	// ErrNotActive: the floor is not where the batch starts; somebody else is active, or the
	// batch is in already. Read Floor.
	ErrNotActive = errors.New("the floor has moved: another worker is active; read the floor again")
	// ErrContent: Postgres does not take a value, and will not however often it is asked.
	ErrContent = errors.New("postgres refuses a value")
	// ErrPruned: the feed no longer reaches back to the reader's version.
	ErrPruned = errors.New("feed is pruned beyond this version: load a snapshot")
	// ErrGap: a version is missing from the feed, which cannot happen in one history.
	ErrGap = errors.New("feed has a gap: load a snapshot and report the fault")
	// ErrAhead: the reader is ahead of the database, which was restored.
	ErrAhead = errors.New("feed is behind this version, the database was restored: load a snapshot")
)

// Floor is how far the log is applied.
type Floor struct {
	Stream  string
	Created time.Time // of the stream, so that a re-created one is noticed
	Seq     uint64
	Digest  string // of the message at Seq
}

// Entry is one applied message.
type Entry struct {
	ID       string
	Seq      uint64
	Received tokenstate.Millis
	Realm    string
	Class    string
	Raw      []byte
	About    []string // whom it names
}

// Parked is a message that could not be decoded.
type Parked struct {
	Seq             uint64
	Received        tokenstate.Millis
	Subject, Reason string
	Raw             []byte
}

// Heartbeat is one word of a node; Value is JSON.
type Heartbeat struct {
	Node         string
	At, Received tokenstate.Millis
	Value        []byte
}

// Batch is what one transaction applies. From is the floor it starts at, To where it ends.
type Batch struct {
	From, To   Floor
	Journal    []Entry
	Facts      tokenstate.Facts
	Parked     []Parked
	Heartbeats []Heartbeat
	Erase      []tokenstate.Erasure // users whose personal fields go
}

// Applied says what a batch changed: the feed's version after it, and how many facts.
type Applied struct {
	Version int64 // 0 if nothing changed
	Changed int
}

// Store is the state in one database.
type Store struct{ pool *pgxpool.Pool }

// New uses pool; it does not close it.
func New(pool *pgxpool.Pool) *Store { return &Store{pool} }

// Apply writes b in one transaction, or nothing. After a fault in the commit itself the
// outcome is unknown: Floor tells.
func (s *Store) Apply(ctx context.Context, b Batch) (Applied, error) {
	var a Applied
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var err error
		a, err = apply(ctx, tx, b)
		return err
	})
	if err != nil {
		return Applied{}, fmt.Errorf("apply batch: %w", content(err))
	}
	return a, nil
}

// apply keeps the order journal, facts, parked, feed, floor. The feed's head and the floor are
// last, since their row locks order all writers.
func apply(ctx context.Context, tx pgx.Tx, b Batch) (Applied, error) {
	added, err := addJournal(ctx, tx, b.Journal)
	if err != nil {
		return Applied{}, err
	}
	facts, err := newFacts(b, added)
	if err != nil {
		return Applied{}, err
	}
	changed, err := joinFacts(ctx, tx, facts)
	if err != nil {
		return Applied{}, err
	}
	if err := addParked(ctx, tx, b.To, b.Parked); err != nil {
		return Applied{}, err
	}
	if err := putHeartbeats(ctx, tx, b.Heartbeats); err != nil {
		return Applied{}, err
	}
	changes, err := changesOf(changed)
	if err != nil {
		return Applied{}, err
	}
	gone, err := erase(ctx, tx, b.Erase)
	if err != nil {
		return Applied{}, err
	}
	version, err := Announce(ctx, tx, append(changes, gone...))
	if err != nil {
		return Applied{}, err
	}
	return Applied{Version: version, Changed: len(changes)}, moveFloor(ctx, tx, b.From, b.To)
}

func joinFacts(ctx context.Context, tx pgx.Tx, f tokenstate.Facts) ([]tokenstate.Row, error) {
	var changed []tokenstate.Row
	for _, join := range joins {
		rows, err := join(ctx, tx, f)
		if err != nil {
			return nil, fmt.Errorf("join facts: %w", err)
		}
		changed = append(changed, rows...)
	}
	return changed, nil
}

func moveFloor(ctx context.Context, tx pgx.Tx, from, to Floor) error {
	n, err := q.MoveFloor(ctx, tx, dbsqlc.MoveFloorParams{
		Stream: to.Stream, StreamCreated: to.Created, Seq: int64(to.Seq), Digest: to.Digest,
		OldSeq: int64(from.Seq), OldDigest: from.Digest,
	})
	if err != nil {
		return fmt.Errorf("move floor: %w", err)
	}
	if n == 0 {
		return ErrNotActive
	}
	return nil
}

// Floor reads how far the log is applied.
func (s *Store) Floor(ctx context.Context) (Floor, error) {
	f, err := q.Floor(ctx, s.pool)
	if err != nil {
		return Floor{}, fmt.Errorf("read floor: %w", err)
	}
	return Floor{f.Stream, f.StreamCreated, uint64(f.Seq), f.Digest}, nil
}
