package postgres

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/folded"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// clocksApart is how far the log's clock, which dates an order, may be behind the database's, which
// dates what is stored.
const clocksApart = 10_000

// erase removes what is personal of users: their stored tokens, and free text and details in the
// journal. Ids, digests and facts stay, or their keys would live again. It reaches what was stored
// before the order first arrived: a copy of the order, or a replay, comes later, and must not take
// away what the user has stored since.
func erase(ctx context.Context, tx pgx.Tx, orders []tokenstate.Erasure) ([]Name, error) {
	var gone []Name
	for _, o := range orders {
		arrived, err := q.Arrived(ctx, tx, o.Order)
		if err != nil {
			return nil, fmt.Errorf("erase: find the order in the journal: %w", err)
		}
		if err := blank(ctx, tx, o.User, arrived); err != nil {
			return nil, fmt.Errorf("erase in the journal: %w", err)
		}
		rows, err := q.EraseTokens(ctx, tx, dbsqlc.EraseTokensParams{Realm: o.User.Realm, UserID: o.User.User, UntilMs: arrived + clocksApart})
		if err != nil {
			return nil, fmt.Errorf("erase tokens: %w", err)
		}
		for _, r := range rows {
			gone = append(gone, Name{KindToken, tokenKey(storedToken(r).Token)})
		}
	}
	return gone, nil
}

// blank takes free text and details out of the lines that came until then.
func blank(ctx context.Context, tx pgx.Tx, u tokenstate.Scope, until int64) error {
	rows, err := q.JournalAbout(ctx, tx, dbsqlc.JournalAboutParams{Realm: u.Realm, Names: indexed(u.User), Most: math.MaxInt32})
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.ReceivedMs > until {
			continue
		}
		m, err := said(r)
		if err != nil {
			return err
		}
		if !concerns(r, m, []string{u.User}) {
			continue
		}
		raw, err := events.Encode(events.Erased(m))
		if err != nil {
			return fmt.Errorf("message %s: %w", r.ID, err)
		}
		if err := q.BlankJournal(ctx, tx, dbsqlc.BlankJournalParams{ID: r.ID, Raw: folded.Fold(raw)}); err != nil {
			return err
		}
	}
	return nil
}
