package postgres

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres/internal/dbsqlc"
)

// erase removes what is personal of users: their stored tokens, and free text and details in
// the journal. Ids, digests and facts stay, or their keys would live again.
func erase(ctx context.Context, tx pgx.Tx, users []tokenstate.Scope) ([]Change, error) {
	var gone []Change
	for _, u := range users {
		if err := blank(ctx, tx, u); err != nil {
			return nil, fmt.Errorf("erase in the journal: %w", err)
		}
		rows, err := q.EraseTokens(ctx, tx, dbsqlc.EraseTokensParams{Realm: u.Realm, UserID: u.User})
		if err != nil {
			return nil, fmt.Errorf("erase tokens: %w", err)
		}
		for _, r := range rows {
			gone = append(gone, Change{KindToken, tokenKey(storedToken(r).Token), nil})
		}
	}
	return gone, nil
}

func blank(ctx context.Context, tx pgx.Tx, u tokenstate.Scope) error {
	rows, err := q.JournalAbout(ctx, tx, dbsqlc.JournalAboutParams{Realm: u.Realm, Names: []string{u.User}, Most: math.MaxInt32})
	if err != nil {
		return err
	}
	for _, r := range rows {
		m, err := events.Decode(r.Raw)
		if err != nil {
			return fmt.Errorf("message %s: %w", r.ID, err)
		}
		raw, err := events.Encode(events.Erased(m))
		if err != nil {
			return fmt.Errorf("message %s: %w", r.ID, err)
		}
		if err := q.BlankJournal(ctx, tx, dbsqlc.BlankJournalParams{ID: r.ID, Raw: raw}); err != nil {
			return err
		}
	}
	return nil
}
