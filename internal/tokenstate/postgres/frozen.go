package postgres

import (
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/ahead"
	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const journalPageSize = 1000

// Frozen is the database at one instant, for comparing its parts with each other.
type Frozen struct{ tx pgx.Tx }

// Freeze gives do the database as it is now. With exclusive nobody else writes facts until do
// has ended, so that what it repairs is still what it saw; where nobody waits for it, each of its statements may take as
// long as one of a snapshot.
func (s *Store) Freeze(ctx context.Context, exclusive bool, do func(context.Context, Frozen) error) error {
	first := snapshotBounds
	if exclusive { // in the order of joins, as all writers; and before the transaction sees anything
		first = "LOCK TABLE tokenstate.fact_standing, tokenstate.fact_look, tokenstate.fact_sighting, tokenstate.fact_refusal, " +
			"tokenstate.fact_cutoff, tokenstate.fact_pardon, tokenstate.fact_doubt, tokenstate.feed_head IN EXCLUSIVE MODE"
	} else {
		ctx = unhurried(ctx)
	}
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, first, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
		return do(ctx, Frozen{tx})
	})
	if err != nil {
		return fmt.Errorf("on the database at one instant: %w", err)
	}
	return nil
}

// Facts are what the tables hold.
func (z Frozen) Facts(ctx context.Context) (tokenstate.Facts, error) {
	f := tokenstate.NewFacts()
	return f, eachFact(ctx, NewReader(z.tx), func(r tokenstate.Row) { r.SetIn(f) })
}

// Taught is what the journal teaches, with the orders that are still on their way to it. whole
// is false if the journal was pruned: then the tables may know more. Seen is told of progress.
func (z Frozen) Taught(ctx context.Context, seen func(done, of int64)) (f tokenstate.Facts, whole bool, err error) {
	f = tokenstate.NewFacts()
	state, err := q.JournalState(ctx, z.tx)
	if err != nil {
		return f, false, fmt.Errorf("read journal: %w", err)
	}
	after, done := int64(0), int64(0)
	page := func(ctx context.Context) (lines []journal.Line, err error) {
		if lines, after, err = journalPage(ctx, z.tx, after, journalPageSize); err == nil && len(lines) == 0 {
			err = io.EOF
		}
		return lines, err
	}
	for ms, err := range ahead.Read(ctx, page, decodeLines) {
		if err != nil {
			return f, false, err
		}
		for _, m := range ms {
			f.Learn(m)
		}
		done += int64(len(ms))
		seen(done, state.Lines)
	}
	return f, state.PrunedN == 0, z.teachOutbox(ctx, f)
}

func decodeLines(lines []journal.Line) ([]events.Message, error) {
	ms := make([]events.Message, len(lines))
	for i, l := range lines {
		var err error
		if ms[i], err = messageOf(l); err != nil {
			return nil, err
		}
	}
	return ms, nil
}

// teachOutbox: an order acts at authapi's commit, before the log has it.
func (z Frozen) teachOutbox(ctx context.Context, f tokenstate.Facts) error {
	rows, err := q.HaveOutbox(ctx, z.tx)
	if err != nil {
		return fmt.Errorf("read outbox: %w", err)
	}
	for _, r := range rows {
		if err := teach(f, journal.Line{ID: r.ID, Raw: r.Raw}); err != nil {
			return err
		}
	}
	return nil
}

// Rules are what tokens are judged by, and now is the instant, which is the view's as well.
func (z Frozen) Rules(ctx context.Context) (r tokenstate.Rules, now tokenstate.Millis, err error) {
	if err := z.tx.QueryRow(ctx, "SELECT (extract(epoch FROM now()) * 1000)::bigint").Scan(&now); err != nil {
		return r, 0, fmt.Errorf("read the transaction's time: %w", err)
	}
	r, err = rules(ctx, z.tx)
	return r, now, err
}

// Judged calls visit with each token, and what the view says of it. A million of them stand nowhere at once.
func (z Frozen) Judged(ctx context.Context, visit func(tokenstate.Token, journal.ViewRow)) error {
	// The plan of one token is compiled for seconds before it is used a first time.
	if _, err := z.tx.Exec(ctx, "SET LOCAL jit = off"); err != nil {
		return fmt.Errorf("read view: %w", err)
	}
	const all = `SELECT t.realm, t.user_id, coalesce(t.client, ''), t.client_id, t.session, t.issued_at_s, t.expires_at_s, t.issuer,
			coalesce(v.state, ''), coalesce(v.reason, ''), coalesce((extract(epoch FROM v.since) * 1000)::bigint, 0), coalesce(v.event_id, '')
		FROM tokenstate.offline_token t
		LEFT JOIN tokenstate.offline_token_state v ON (v.realm, v.session_id, v.client_id) = (t.realm, t.session, t.client_id)`
	found, err := z.tx.Query(ctx, all)
	if err != nil {
		return fmt.Errorf("read view: %w", err)
	}
	var t tokenstate.Token
	var v journal.ViewRow
	_, err = pgx.ForEachRow(found, []any{
		&t.Realm, &t.User, &t.Client, &t.ClientID, &t.Session, &t.IssuedAt, &t.Expires, &t.Issuer, &v.State, &v.Reason, &v.Since, &v.Event,
	}, func() error { visit(t, v); return nil })
	if err != nil {
		return fmt.Errorf("read view: %w", err)
	}
	return nil
}

// Tokens are the stored and tracked tokens, and the rules that they are judged by.
func (z Frozen) Tokens(ctx context.Context) (tokens []tokenstate.Token, r tokenstate.Rules, err error) {
	if r, err = rules(ctx, z.tx); err != nil {
		return nil, r, err
	}
	stored, err := listTokens(ctx, z.tx)
	for _, t := range stored {
		tokens = append(tokens, t.Token)
	}
	return tokens, r, err
}

// ForgottenBefore is up to when may have been forgotten what nobody holds anything of; 0: nothing was.
func (z Frozen) ForgottenBefore(ctx context.Context) (tokenstate.Millis, error) {
	before, err := q.Forgetting(ctx, z.tx)
	if err != nil {
		return 0, fmt.Errorf("read what was forgotten: %w", err)
	}
	return tokenstate.Millis(before), nil
}

// FeedHoles is how many versions the feed lacks, or has beyond its ends.
func (z Frozen) FeedHoles(ctx context.Context) (int64, error) {
	f, err := q.FeedState(ctx, z.tx)
	if err != nil {
		return 0, fmt.Errorf("read feed: %w", err)
	}
	return max(f.Version-f.Pruned-f.Present, 0) + f.Outside, nil
}

// Replace makes f the facts, and tells readers what changed. The feed begins anew, so that
// nobody goes on from a state that was wrong: readers load all again.
func (z Frozen) Replace(ctx context.Context, f tokenstate.Facts, actor, detail string) error {
	for _, kind := range []string{"standing", "look", "sighting", "refusal", "cutoff", "pardon", "doubt"} {
		if _, err := z.tx.Exec(ctx, "DELETE FROM tokenstate.fact_"+kind); err != nil {
			return fmt.Errorf("remove wrong facts: %w", err)
		}
	}
	if _, err := joinFacts(ctx, z.tx, f); err != nil {
		return err
	}
	p, err := announcement(nil) // readers load all again
	if err == nil {
		_, err = q.Announce(ctx, z.tx, p)
	}
	if err != nil {
		return fmt.Errorf("write feed: %w", err)
	}
	if err := q.PruneFeedAll(ctx, z.tx); err != nil {
		return fmt.Errorf("begin the feed anew: %w", err)
	}
	return audit(ctx, z.tx, actor, "verify --repair", detail)
}

func audit(ctx context.Context, db dbsqlc.DBTX, actor, action, detail string) error {
	if err := q.AddAudit(ctx, db, dbsqlc.AddAuditParams{Actor: actor, Action: action, Detail: detail}); err != nil {
		return fmt.Errorf("write audit: %w", err)
	}
	return nil
}
