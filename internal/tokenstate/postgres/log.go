package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/folded"
	"github.com/tokenstate/tokenstate/internal/hearing"
	"github.com/tokenstate/tokenstate/internal/journal"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// addJournal takes each message id once, and returns the ids that it had not. A second body
// under the same id is a duplicate that the stream's window did not catch.
func addJournal(ctx context.Context, tx pgx.Tx, es []journal.Line) ([]string, error) {
	if len(es) == 0 {
		return nil, nil
	}
	var p dbsqlc.AddJournalParams
	for _, e := range es {
		p.Ids, p.Seqs = append(p.Ids, e.ID), append(p.Seqs, int64(e.Seq))
		p.ReceivedMss, p.Realms = append(p.ReceivedMss, int64(e.Received)), append(p.Realms, e.Realm)
		p.Classes, p.Raws = append(p.Classes, e.Class), append(p.Raws, folded.Fold(e.Raw))
		p.Abouts = append(p.Abouts, strings.Join(tags(e.About), "\x1f"))
	}
	added, err := q.AddJournal(ctx, tx, p)
	if err != nil {
		return nil, fmt.Errorf("write journal: %w", err)
	}
	return added, nil
}

// newFacts is what b teaches beyond the journal. A second copy of a message has another time of
// arrival; were it learnt, the facts would not be what the journal teaches.
func newFacts(b journal.Batch, added []string) (tokenstate.Facts, error) {
	if len(added) == len(b.Lines) {
		return b.Facts, nil
	}
	f := tokenstate.NewFacts()
	fresh := map[string]bool{}
	for _, id := range added {
		fresh[id] = true
	}
	for _, e := range b.Lines {
		if !fresh[e.ID] {
			continue
		}
		delete(fresh, e.ID) // the first of two copies in one batch is the journal's
		if err := teach(f, e); err != nil {
			return tokenstate.Facts{}, err
		}
	}
	return f, nil
}

func teach(f tokenstate.Facts, e journal.Line) error {
	m, err := messageOf(e)
	if err != nil {
		return err
	}
	f.Learn(m)
	return nil
}

func addParked(ctx context.Context, tx pgx.Tx, at journal.Floor, ps []journal.Parked) error {
	for _, p := range ps {
		err := q.AddParked(ctx, tx, dbsqlc.AddParkedParams{
			StreamCreated: at.Created, Seq: int64(p.Seq), ReceivedMs: int64(p.Received),
			Subject: asText(p.Subject), Reason: asText(p.Reason), Raw: p.Raw,
		})
		if err != nil {
			return fmt.Errorf("park message %d: %w", p.Seq, err)
		}
	}
	return nil
}

// putHeartbeats keeps what the heartbeats of each node say together; sorted, so that two writers cannot
// deadlock.
func putHeartbeats(ctx context.Context, tx pgx.Tx, hs []journal.Heartbeat) error {
	if len(hs) == 0 {
		return nil
	}
	now, readings, skew, err := heard(ctx, tx)
	if err != nil {
		return err
	}
	read := hearing.ReadUntil(readings, skew)
	changed := map[string]bool{}
	for _, h := range hs {
		n, err := hearing.Read(h.Node, h.At, h.Received, h.Value)
		if err != nil {
			return err
		}
		now[h.Node], changed[h.Node] = now[h.Node].next(n, h.Value, read), true
	}
	for _, node := range slices.Sorted(maps.Keys(changed)) {
		if err := q.PutHeartbeat(ctx, tx, now[node].row()); err != nil {
			return fmt.Errorf("keep heartbeat: %w", err)
		}
	}
	return nil
}
