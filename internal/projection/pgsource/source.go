// Package pgsource joins the projection to the two Postgres adapters. It lies here and not in
// cmd because both programs have one.
package pgsource

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keys "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/strictjson"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// span is how many versions one reading brings.
const span = 1000

// Source is one database.
type Source struct {
	state  *state.Store
	keys   *keys.Store
	waiter *state.Waiter
}

// New makes a source that looks for news at least every poll. The caller closes it.
func New(pool *pgxpool.Pool, poll time.Duration) *Source {
	s := state.New(pool)
	return &Source{s, keys.New(pool), s.NewWaiter(poll)}
}

// Close ends what waits for news.
func (s *Source) Close() { s.waiter.Close() }

// Wait implements projection.Source.
func (s *Source) Wait(ctx context.Context, known int64) error { return s.waiter.Wait(ctx, known) }

// FindKey implements projection.Source.
func (s *Source) FindKey(ctx context.Context, id string) (apikey.Record, bool, error) {
	return s.keys.Find(ctx, id)
}

// FindLegacy implements projection.Source.
func (s *Source) FindLegacy(ctx context.Context, digests []apikey.Sum) ([]apikey.Record, error) {
	return s.keys.FindLegacy(ctx, digests)
}

// Snapshot implements projection.Source.
func (s *Source) Snapshot(ctx context.Context) (projection.Snapshot, error) {
	var out projection.Snapshot
	snap, err := s.state.Snapshot(ctx, func(ctx context.Context, tx pgx.Tx) error {
		records, services, err := keys.Load(ctx, tx)
		out.Keys = records
		for _, k := range services {
			out.ServiceKeys = append(out.ServiceKeys, projection.ServiceKey(k))
		}
		if err == nil {
			out.Members, err = keys.LoadMembers(ctx, tx)
		}
		return err
	})
	if err != nil {
		return projection.Snapshot{}, err
	}
	shown := snapshotOf(snap)
	out.Version, out.Nonce, out.Facts, out.Tokens = shown.Version, shown.Nonce, shown.Facts, shown.Tokens
	return out, nil
}

func snapshotOf(snap state.Snapshot) projection.Snapshot {
	out := projection.Snapshot{Version: snap.Version, Nonce: snap.Nonce, Facts: snap.Facts}
	for _, t := range snap.Tokens {
		out.Tokens = append(out.Tokens, projection.Token(t))
	}
	return out
}

// News implements projection.Source.
func (s *Source) News(ctx context.Context, after int64) (projection.News, error) {
	return news(ctx, after, s.state.News)
}

func news(ctx context.Context, after int64,
	read func(ctx context.Context, after, span int64) (state.News, error),
) (projection.News, error) {
	got, err := read(ctx, max(after-1, 0), span) // its own version as well
	if err != nil {
		return projection.News{}, err
	}
	n := projection.News{Status: statusOf(got.Status), More: got.More, Gap: got.Gap}
	if n.Gap == nil {
		n.Versions, n.Gap = versionsOf(got.Versions, after)
	}
	return n, nil
}

func versionsOf(vs []state.Version, after int64) (out []projection.Version, err error) {
	if after == 0 {
		out = append(out, projection.Version{})
	}
	for _, v := range vs {
		if v.Version == after { // where the reader stands: only its nonce is compared
			out = append(out, projection.Version{Version: v.Version, Nonce: v.Nonce})
			continue
		}
		changes, err := changesOf(v.Changes)
		if err != nil { // a newer program's, or damaged: the tables say what it means
			return nil, fmt.Errorf("version %d of the feed: %w", v.Version, err)
		}
		out = append(out, projection.Version{Version: v.Version, Nonce: v.Nonce, Changes: changes})
	}
	return out, nil
}

// Status implements projection.Source.
func (s *Source) Status(ctx context.Context) (projection.Status, error) {
	st, err := s.state.Status(ctx)
	return statusOf(st), err
}

func statusOf(st state.Status) projection.Status {
	return projection.Status{
		Epoch: st.Epoch, History: st.History, Confirmed: st.Confirmed, Rules: st.Rules, Now: st.Now,
		Beats: st.Heartbeats, Backfills: st.Backfills,
	}
}

func changesOf(rows []state.Change) (out []projection.Change, err error) {
	for _, r := range rows {
		c, err := changeOf(r)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func changeOf(r state.Change) (c projection.Change, err error) {
	switch {
	case r.Kind == state.KindToken && r.Value == nil:
		var place [3]string
		err = json.Unmarshal([]byte(r.Key), &place)
		c.RemovedToken = &projection.Place{Realm: place[0], Session: place[1], ClientID: place[2]}
	case r.Kind == state.KindToken:
		c.Token, err = decode[projection.Token](r.Value)
	case r.Kind == keys.KindKey:
		c.Key, err = decode[apikey.Record](r.Value)
	case r.Kind == keys.KindServiceKey && r.Value == nil:
		c.RemovedServiceKey = r.Key
	case r.Kind == keys.KindServiceKey:
		c.ServiceKey, err = decode[projection.ServiceKey](r.Value)
	case r.Kind == keys.KindMember && r.Value == nil:
		var m [3]string
		err = json.Unmarshal([]byte(r.Key), &m)
		c.RemovedMember = &apikey.Member{Realm: m[0], Org: m[1], User: m[2]}
	case r.Kind == keys.KindMember:
		c.Member, err = decode[apikey.Member](r.Value)
	default:
		c.Fact, err = tokenstate.DecodeRow(r.Kind, r.Value)
	}
	return c, err
}

func decode[T any](value []byte) (*T, error) {
	v, err := strictjson.Stored[T](value)
	if err != nil {
		return nil, fmt.Errorf("decode a row of the feed: %w", err)
	}
	return &v, nil
}
