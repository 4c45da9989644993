package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/condition"
	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/hearing"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// TokenFilter selects stored tokens by realm, session and client. What is empty selects nothing out.
type TokenFilter struct {
	Realm, ClientID, Custody string
	After                    tokenstate.Token // the last token of the page before
	Most                     int
}

// TokensAfter reads the tokens that follow a place.
func (s *Store) TokensAfter(ctx context.Context, f TokenFilter) ([]StoredToken, error) {
	rows, err := q.TokensAfter(ctx, s.pool, dbsqlc.TokensAfterParams{
		AfterRealm: f.After.Realm, AfterSession: f.After.Session, AfterClient: f.After.ClientID,
		Realm: f.Realm, ClientID: f.ClientID, Custody: f.Custody, Most: int32(f.Most),
	})
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return storedTokens(rows), nil
}

// ordersAmong is among how many messages of the log OrdersLately searches.
const ordersAmong = 200_000

// OrdersLately reads orders and pardons of the log, the latest first.
func (s *Store) OrdersLately(ctx context.Context, most int) ([]events.Message, error) {
	rows, err := q.OrdersLately(ctx, s.pool, dbsqlc.OrdersLatelyParams{Among: ordersAmong, Most: int32(most)})
	if err != nil {
		return nil, fmt.Errorf("read orders: %w", err)
	}
	out := make([]events.Message, len(rows))
	for i, r := range rows {
		if out[i], err = said(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ParkedLately reads messages that could not be read, the latest first.
func (s *Store) ParkedLately(ctx context.Context, most int) ([]journal.Parked, error) {
	rows, err := q.ParkedLately(ctx, s.pool, int32(most))
	if err != nil {
		return nil, fmt.Errorf("read parked messages: %w", err)
	}
	out := make([]journal.Parked, len(rows))
	for i, r := range rows {
		out[i] = journal.Parked{Seq: uint64(r.Seq), Received: tokenstate.Millis(r.ReceivedMs), Subject: r.Subject, Reason: r.Reason, Raw: r.Raw}
	}
	return out, nil
}

// LogState is how far the log is applied, exported and pruned, and by whom.
type LogState struct {
	condition.Log
	Stream                       string
	StreamCreated                time.Time
	JournalN, ExportedN, PrunedN int64
	Readings                     []hearing.Reading
	Replays                      []ReplayState
}

// ReplayState is a replay that is under way, or was interrupted.
type ReplayState struct {
	Source   string
	Position int64
	Updated  time.Time
}

// LogState reads it.
func (s *Store) LogState(ctx context.Context) (LogState, error) {
	r, err := q.LogState(ctx, s.pool)
	if err != nil {
		return LogState{}, fmt.Errorf("read the log's state: %w", err)
	}
	out := LogState{
		Stream: r.Stream, StreamCreated: r.StreamCreated, JournalN: r.JournalN, ExportedN: r.ExportedN, PrunedN: r.PrunedN,
		Log: condition.Log{Seq: uint64(r.Seq), Waiting: r.Waiting, Parked: r.Parked},
	}
	if r.Holder != nil && r.HeldUntil != nil {
		out.Worker, out.HeldUntil = *r.Holder, *r.HeldUntil
	}
	if out.OldestWaiting, err = s.OutboxAge(ctx); err != nil {
		return out, err
	}
	if out.Verified, err = s.LastVerify(ctx); err != nil {
		return out, err
	}
	if out.Readings, err = readings(ctx, s.pool); err != nil {
		return out, err
	}
	for _, b := range out.Readings {
		if b.Missed {
			out.EventStoreGap = append(out.EventStoreGap, b.Realm)
		}
	}
	return out, s.replays(ctx, &out)
}

func (s *Store) replays(ctx context.Context, out *LogState) error {
	under, err := q.Replays(ctx, s.pool)
	if err != nil {
		return fmt.Errorf("read replays: %w", err)
	}
	for _, u := range under {
		out.Replays = append(out.Replays, ReplayState{u.Source, u.Position, u.UpdatedAt})
	}
	return nil
}
