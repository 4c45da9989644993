package postgres

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/events"
)

// Reached is what an order covers of what is stored: tokens, live keys, and whose they are. An order
// about nobody that is known covers nothing; it holds for whoever comes under it.
type Reached struct {
	Tokens int64 `json:"tokens"`
	Keys   int64 `json:"keys"`
	Users  int64 `json:"users"`
}

// Reach asks what an order would cover.
func (s *Store) Reach(ctx context.Context, realm string, o *events.Order) (Reached, error) {
	return reach(ctx, s.pool, realm, o)
}

func reach(ctx context.Context, db dbsqlc.DBTX, realm string, o *events.Order) (Reached, error) {
	p := dbsqlc.ReachParams{
		Realm: realm, UserID: o.User, Session: o.Session, Client: o.Client, Tokens: true, Keys: true,
		BeforeS: math.MaxInt64,
	}
	switch o.Order {
	case events.OrderRevoke:
		p.Tokens, p.Keys, p.BeforeS = o.Tokens, o.Keys, int64(o.Before)
	case events.OrderErase:
		p.Keys = false
	}
	r, err := q.Reach(ctx, db, p)
	if err != nil {
		return Reached{}, fmt.Errorf("count what the order reaches: %w", err)
	}
	return Reached(r), nil
}

// OrderReaching is Order, and says what the order found.
func (s *Store) OrderReaching(ctx context.Context, m events.Message) (version int64, r Reached, err error) {
	version, err = Write(ctx, s.pool, func(tx pgx.Tx) ([]Name, error) {
		m, err := dated(ctx, tx, m)
		if err != nil {
			return nil, err
		}
		changes, err := putDated(ctx, tx, m)
		if err != nil {
			return nil, err
		}
		o, _ := m.Body.(*events.Order) // dated gives nothing else
		r, err = reach(ctx, tx, m.Realm, o)
		return changes, err
	})
	if err != nil {
		return 0, Reached{}, fmt.Errorf("write order: %w", err)
	}
	return version, r, nil
}

// Named says whether anything was ever heard of a user. In one case of a great many it was of another one.
func (s *Store) Named(ctx context.Context, realm, user string) (bool, error) {
	ok, err := q.NamedInJournal(ctx, s.pool, dbsqlc.NamedInJournalParams{Realm: realm, Names: indexed(user)})
	if err != nil {
		return false, fmt.Errorf("ask the journal about a user: %w", err)
	}
	return ok, nil
}
