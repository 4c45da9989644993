// Package pgsource joins the projection to the two Postgres adapters. It lies here and not in
// cmd because both programs have one.
package pgsource

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keys "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

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
func (s *Source) Wait(ctx context.Context, known int64, hurry <-chan struct{}) error {
	return s.waiter.Wait(ctx, known, hurry)
}

// FindKey implements projection.Source.
func (s *Source) FindKey(ctx context.Context, id string) (apikey.Record, bool, error) {
	return s.keys.Find(ctx, id)
}

// FindLegacy implements projection.Source.
func (s *Source) FindLegacy(ctx context.Context, digests []apikey.Sum) ([]apikey.Record, error) {
	return s.keys.FindLegacy(ctx, digests)
}

// Snapshot implements projection.Source.
func (s *Source) Snapshot(ctx context.Context, to projection.Taker) error {
	return s.state.Snapshot(ctx, stateTo(to), func(ctx context.Context, r *state.Reader) error {
		if err := keys.EachKey(ctx, r, to.Key); err != nil {
			return err
		}
		if err := keys.EachServiceKey(ctx, r, func(k keys.ServiceKey) { to.ServiceKey(projection.ServiceKey(k)) }); err != nil {
			return err
		}
		return keys.EachMember(ctx, r, to.Member)
	})
}

// Whole is everything at one version, for who compares states.
func (s *Source) Whole(ctx context.Context) (snap projection.Snapshot, err error) {
	err = s.Snapshot(ctx, &snap)
	return snap, err
}

func stateTo(to projection.Taker) state.Taker {
	return state.Taker{Begin: to.Begin, Fact: to.Fact, Token: func(t state.StoredToken) { to.Token(projection.Token(t)) }}
}

// News implements projection.Source.
func (s *Source) News(ctx context.Context, after int64) (projection.News, error) {
	return newsOf(s.newsAfter(ctx, after))
}

func (s *Source) newsAfter(ctx context.Context, after int64) (state.News, error) {
	return s.state.News(ctx, after, append(state.Readings(), keys.Readings()...))
}

func newsOf(got state.News, err error) (projection.News, error) {
	if err != nil {
		return projection.News{}, err
	}
	n := projection.News{Status: statusOf(got.Status), Was: got.Was, Gap: got.Gap}
	n.Now.Version, n.Now.Nonce = got.Version, got.Nonce
	for _, c := range got.Changes {
		change, err := changeOf(c)
		if err != nil {
			return projection.News{}, err
		}
		n.Now.Changes = append(n.Now.Changes, change)
	}
	return n, nil
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

func changeOf(c state.Change) (out projection.Change, err error) {
	switch v := c.Value.(type) {
	case tokenstate.Row:
		out.Fact = v
	case state.StoredToken:
		t := projection.Token(v)
		out.Token = &t
	case apikey.Record:
		out.Key = &v
	case keys.ServiceKey:
		k := projection.ServiceKey(v)
		out.ServiceKey = &k
	case apikey.Member:
		out.Member = &v
	case tokenstate.Scope:
		out.Forgotten = &v
	case nil:
		return removed(c.Name)
	default:
		err = fmt.Errorf("the feed names a %T", v)
	}
	return out, err
}

func removed(n state.Name) (out projection.Change, err error) {
	var parts [3]string
	switch n.Kind {
	case state.KindToken:
		err = json.Unmarshal([]byte(n.Key), &parts)
		out.RemovedToken = &projection.Place{Realm: parts[0], Session: parts[1], ClientID: parts[2]}
	case keys.KindServiceKey:
		out.RemovedServiceKey = n.Key
	case keys.KindMember:
		err = json.Unmarshal([]byte(n.Key), &parts)
		out.RemovedMember = &apikey.Member{Realm: parts[0], Org: parts[1], User: parts[2]}
	default:
		err = fmt.Errorf("a %s that the feed names is not there", n.Kind)
	}
	return out, err
}

// SnapshotRows implements projection.Sized.
func (s *Source) SnapshotRows(ctx context.Context) (int64, error) { return s.state.SnapshotRows(ctx) }
