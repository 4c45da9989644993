package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// dated gives an order a later date than everything that it must overrule. What is learnt last wins by
// its date, so the clock's word alone would not do: after the clock was set back, or behind a writer who
// was faster, an order would be accepted and change nothing. A revocation without a time reaches all
// that is there: a key or token may bear a date ahead of this clock.
func dated(ctx context.Context, tx pgx.Tx, m events.Message) (events.Message, error) {
	given, ok := m.Body.(*events.Order)
	if !ok {
		return m, ErrNotAnOrder
	}
	o := *given
	m.Body = &o
	if o.User != "" {
		if err := LockOwner(ctx, tx, m.Realm, o.User); err != nil {
			return m, err
		}
	}
	newest, err := newestLike(ctx, tx, m.Realm, &o)
	if err != nil {
		return m, fmt.Errorf("find what the order must overrule: %w", err)
	}
	m.At = max(m.At, newest+1)
	if o.Order == events.OrderRevoke && o.Before == 0 {
		o.Before, err = until(ctx, tx, m.Realm, &o, m.At)
	}
	return m, err
}

// newestLike is the date of what the same source has said of the same subject before; 0: nothing.
func newestLike(ctx context.Context, db dbsqlc.DBTX, realm string, o *events.Order) (tokenstate.Millis, error) {
	var at int64
	var err error
	switch o.Order {
	case events.OrderStanding:
		at, err = q.NewestStanding(ctx, db, dbsqlc.NewestStandingParams{Realm: realm, UserID: o.User})
	case events.OrderRefresh:
		at, err = q.NewestRefusal(ctx, db, dbsqlc.NewestRefusalParams{
			Realm: realm, UserID: o.User, Clients: []string{o.Client, o.ClientID}, ClientID: o.ClientID, Session: o.Session,
			IssuedAtS: int64(o.IssuedAt),
		})
	}
	return tokenstate.Millis(at), err
}

// until is the first second after now and after everything that a revocation reaches.
func until(ctx context.Context, db dbsqlc.DBTX, realm string, o *events.Order, now tokenstate.Millis) (tokenstate.Seconds, error) {
	made, err := q.NewestMade(ctx, db, dbsqlc.NewestMadeParams{
		Realm: realm, UserID: o.User, Client: o.Client, Session: o.Session, Tokens: o.Tokens, Keys: o.Keys,
	})
	if err != nil {
		return 0, fmt.Errorf("find the newest of what the order reaches: %w", err)
	}
	return max(now.Second(), tokenstate.Seconds(made)) + 1, nil
}

// Until is the time before which a revocation must reach for everything that is there now.
func (s *Store) Until(ctx context.Context, realm string, o *events.Order) (tokenstate.Seconds, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return 0, err
	}
	return until(ctx, s.pool, realm, o, now)
}

// Refused says whether the last refresh of exactly this token that was told of was refused.
func (s *Store) Refused(ctx context.Context, t tokenstate.Token) (bool, error) {
	stands, err := q.RefusalStands(ctx, s.pool, dbsqlc.RefusalStandsParams{
		Realm: t.Realm, UserID: t.User, Clients: []string{t.Client, t.ClientID}, ClientID: t.ClientID, Session: t.Session,
		IssuedAtS: int64(t.IssuedAt),
	})
	if err != nil {
		return false, fmt.Errorf("find a refusal: %w", err)
	}
	return stands, nil
}
