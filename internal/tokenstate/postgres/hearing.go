package postgres

import (
	"context"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/hearing"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// node is one row of a Keycloak node, and what it means.
type node struct {
	hearing.Beat
	value []byte // the last heartbeat, as it came
}

func (n node) next(b hearing.Beat, value []byte, read tokenstate.Millis) node {
	if b.Received <= n.Received {
		return n
	}
	return node{n.Next(b, read), value}
}

func (n node) row() dbsqlc.PutHeartbeatParams {
	earlier := n.Earlier
	if earlier == nil {
		earlier = []string{}
	}
	return dbsqlc.PutHeartbeatParams{
		Node: n.Node, AtMs: int64(n.At), ReceivedMs: int64(n.Received), Value: n.value,
		LostFromMs: int64(n.Lost.From), LostToMs: int64(n.Lost.To), ClashMs: int64(n.Clash), Earlier: earlier,
	}
}

// nodes are all that were heard and not forgotten.
func nodes(ctx context.Context, db dbsqlc.DBTX) ([]node, error) {
	rows, err := q.Heartbeats(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("read heartbeats: %w", err)
	}
	var all []node
	for _, r := range rows {
		b, err := hearing.Read(r.Node, tokenstate.Millis(r.AtMs), tokenstate.Millis(r.ReceivedMs), r.Value)
		if err != nil {
			return nil, err
		}
		b.Lost = hearing.Span{From: tokenstate.Millis(r.LostFromMs), To: tokenstate.Millis(r.LostToMs)}
		b.Clash, b.Earlier = tokenstate.Millis(r.ClashMs), r.Earlier
		all = append(all, node{b, r.Value})
	}
	return all, nil
}

// heard is what is known of each node, by name, and of the event stores.
func heard(ctx context.Context, db dbsqlc.DBTX) (now map[string]node, rs []hearing.Reading, skew tokenstate.Millis, err error) {
	all, err := nodes(ctx, db)
	if err != nil {
		return nil, nil, 0, err
	}
	now = map[string]node{}
	for _, n := range all {
		now[n.Node] = n
	}
	if rs, err = readings(ctx, db); err != nil {
		return nil, nil, 0, err
	}
	r, err := rules(ctx, db)
	return now, rs, r.Skew, err
}

func readings(ctx context.Context, db dbsqlc.DBTX) ([]hearing.Reading, error) {
	rows, err := q.Backfills(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("read backfills: %w", err)
	}
	out := make([]hearing.Reading, len(rows))
	for i, r := range rows {
		out[i] = hearing.Reading{Realm: r.Realm, Upto: tokenstate.Millis(r.UptoMs), Known: tokenstate.Millis(r.KnownMs), Missed: r.MissedMs > 0}
	}
	return out, nil
}
