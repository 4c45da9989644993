package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/hearing"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Status is what readers know the state by, beside the feed.
type Status struct {
	Epoch     int64 // another one after a restore
	History   string
	Confirmed bool // a worker has caught up with the log in this epoch and history
	// ConfirmedIn is the history in which a worker has caught up with the log in this epoch; "" if none has. A standby has its
	// primary's.
	ConfirmedIn string
	Heartbeats  []hearing.Beat
	Backfills   []hearing.Reading
	Rules       tokenstate.Rules
	Now         tokenstate.Millis // the database's time
}

// Status reads it.
func (s *Store) Status(ctx context.Context) (st Status, err error) {
	err = s.view(ctx, func(v *view) error {
		return v.ask(ctx, true, statusQuestions(), func(db dbsqlc.DBTX) error {
			st, err = takeStatus(ctx, db)
			return err
		})
	})
	return st, err
}

func statusQuestions() []Question {
	return []Question{{SQL: dbsqlc.Epoch}, {SQL: dbsqlc.Heartbeats}, {SQL: dbsqlc.Backfills}, {SQL: dbsqlc.Rules}}
}

// takeStatus takes the answers to statusQuestions.
func takeStatus(ctx context.Context, db dbsqlc.DBTX) (Status, error) {
	e, err := q.Epoch(ctx, db)
	if err != nil {
		return Status{}, fmt.Errorf("read epoch: %w", err)
	}
	st := Status{
		Epoch: e.Epoch, History: e.History, Confirmed: e.ConfirmedIn == e.History, ConfirmedIn: e.ConfirmedIn,
		Now: tokenstate.Millis(e.NowMs),
	}
	all, err := nodes(ctx, db)
	if err != nil {
		return Status{}, err
	}
	for _, n := range all {
		st.Heartbeats = append(st.Heartbeats, n.Beat)
	}
	if st.Backfills, err = readings(ctx, db); err != nil {
		return Status{}, err
	}
	st.Rules, err = rules(ctx, db)
	return st, err
}

// Epoch names the present one.
func (s *Store) Epoch(ctx context.Context) (string, error) {
	e, err := q.Epoch(ctx, s.pool)
	if err != nil {
		return "", fmt.Errorf("read epoch: %w", err)
	}
	return strconv.FormatInt(e.Epoch, 10), nil
}

// Restored begins a new epoch; repeated before the next Confirm it does nothing.
func (s *Store) Restored(ctx context.Context) error {
	if err := q.Restored(ctx, s.pool); err != nil {
		return fmt.Errorf("begin an epoch: %w", err)
	}
	return nil
}

// ErrOtherHistory says that the database was restarted, promoted or restored since its history was asked for.
var ErrOtherHistory = errors.New("the database is not the one that reading began with: it was restarted, promoted or restored")

// History names the present one: another one after whatever can lose what was committed.
func (s *Store) History(ctx context.Context) (string, error) {
	e, err := q.Epoch(ctx, s.pool)
	if err != nil {
		return "", fmt.Errorf("read the database's history: %w", err)
	}
	return e.History, nil
}

// Confirm says that a worker has caught up with the log in this epoch, having begun in that history;
// ErrOtherHistory.
func (s *Store) Confirm(ctx context.Context, history string) error {
	n, err := q.Confirm(ctx, s.pool, history)
	if err == nil && n == 0 {
		err = ErrOtherHistory
	}
	if err != nil {
		return fmt.Errorf("confirm the epoch: %w", err)
	}
	return nil
}

// SetRules stores the bounds that everybody judges by.
func (s *Store) SetRules(ctx context.Context, r tokenstate.Rules) error {
	err := q.SetRules(ctx, s.pool, dbsqlc.SetRulesParams{
		MarginMs: int64(r.Margin), SkewMs: int64(r.Skew), CacheLagMs: int64(r.CacheLag),
		SweepMs: int64(r.Sweep), ClosedSweepMs: int64(r.ClosedSweep),
	})
	if err != nil {
		return fmt.Errorf("store rules: %w", err)
	}
	return nil
}

// Rules are what verdicts are made by.
func (s *Store) Rules(ctx context.Context) (tokenstate.Rules, error) { return rules(ctx, s.pool) }

func rules(ctx context.Context, db dbsqlc.DBTX) (tokenstate.Rules, error) {
	r, err := q.Rules(ctx, db)
	if err != nil {
		return tokenstate.Rules{}, fmt.Errorf("read rules: %w", err)
	}
	return tokenstate.Rules{
		Margin: tokenstate.Millis(r.MarginMs), Skew: tokenstate.Millis(r.SkewMs), CacheLag: tokenstate.Millis(r.CacheLagMs),
		Sweep: tokenstate.Millis(r.SweepMs), ClosedSweep: tokenstate.Millis(r.ClosedSweepMs),
	}, nil
}
