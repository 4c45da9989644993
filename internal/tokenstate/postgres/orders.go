package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// ErrNotAnOrder says that only orders go out by the outbox, never a pardon or an observation.
var ErrNotAnOrder = errors.New("only an order may be put into the outbox")

// Order makes m effective at once and puts it on its way to the log, in one transaction. The
// worker joins it again when it reads it there, which changes nothing.
func (s *Store) Order(ctx context.Context, m events.Message) (version int64, err error) {
	version, err = Write(ctx, s.pool, func(tx pgx.Tx) ([]Name, error) { return PutOrder(ctx, tx, m) })
	if err != nil {
		return 0, fmt.Errorf("write order: %w", err)
	}
	return version, nil
}

// PutOrder is Order within a transaction of the caller, who announces the changes. It may give m a later
// date.
func PutOrder(ctx context.Context, tx pgx.Tx, m events.Message) ([]Name, error) {
	m, err := dated(ctx, tx, m)
	if err != nil {
		return nil, err
	}
	return putDated(ctx, tx, m)
}

// OrderAgain writes orders that the database has lost, as they were given; those that it has change
// nothing.
func (s *Store) OrderAgain(ctx context.Context, ms []events.Message) (written int, err error) {
	for _, m := range ms {
		version, err := Write(ctx, s.pool, func(tx pgx.Tx) ([]Name, error) { return putDated(ctx, tx, m) })
		if err != nil {
			return written, fmt.Errorf("write an order again: %w", err)
		}
		if version > 0 {
			written++
		}
	}
	return written, nil
}

func putDated(ctx context.Context, tx pgx.Tx, m events.Message) ([]Name, error) {
	raw, err := events.Encode(m)
	if err != nil {
		return nil, err
	}
	if _, err := events.Decode(raw); err != nil {
		return nil, err // in the log it would only be parked
	}
	if err := q.PutOutbox(ctx, tx, dbsqlc.PutOutboxParams{ID: m.ID, Raw: raw}); err != nil {
		return nil, err
	}
	m.Received = m.At
	rows, err := joinFacts(ctx, tx, tokenstate.Learn(m))
	if err != nil {
		return nil, err
	}
	return namesOf(rows), nil
}

// Outbox reads the oldest waiting orders.
func (s *Store) Outbox(ctx context.Context, most int) ([]journal.Waiting, error) {
	rows, err := q.Outbox(ctx, s.pool, int32(most))
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	out := make([]journal.Waiting, len(rows))
	for i, r := range rows {
		out[i] = journal.Waiting{ID: r.ID, Raw: r.Raw, Created: r.CreatedAt}
	}
	return out, nil
}

// Relayed marks orders that are in the log.
func (s *Store) Relayed(ctx context.Context, ids []string) error {
	if err := q.Relayed(ctx, s.pool, ids); err != nil {
		return fmt.Errorf("mark orders as relayed: %w", err)
	}
	return nil
}

// Now is the database's time, which orders are dated by.
func (s *Store) Now(ctx context.Context) (tokenstate.Millis, error) {
	ms, err := q.NowMillis(ctx, s.pool)
	if err != nil {
		return 0, fmt.Errorf("read the database's time: %w", err)
	}
	return tokenstate.Millis(ms), nil
}

// OutboxAge is how long the oldest order has waited to be relayed; 0 if none waits.
func (s *Store) OutboxAge(ctx context.Context) (time.Duration, error) {
	seconds, err := q.OutboxAge(ctx, s.pool)
	if err != nil {
		return 0, fmt.Errorf("read outbox: %w", err)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// ParkedCount is how many messages could not be read.
func (s *Store) ParkedCount(ctx context.Context) (int64, error) {
	n, err := q.ParkedCount(ctx, s.pool)
	if err != nil {
		return 0, fmt.Errorf("count parked messages: %w", err)
	}
	return n, nil
}
