package pgsource

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/apikey"
	keys "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/projection"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Shown is a source for who may see no digests: facts and tokens, and neither keys nor credentials
// nor memberships.
type Shown struct{ *Source }

// NewShown is New for the role tokenstate_console.
func NewShown(pool *pgxpool.Pool, poll time.Duration) *Shown { return &Shown{New(pool, poll)} }

// Snapshot implements projection.Source.
func (s *Shown) Snapshot(ctx context.Context, to projection.Taker) error {
	return s.state.Snapshot(ctx, stateTo(to))
}

// News implements projection.Source. A version that is about keys alone has no changes.
func (s *Shown) News(ctx context.Context, after int64) (projection.News, error) {
	return newsOf(s.state.News(ctx, after, append(state.Readings(), keys.Unread()...)))
}

// FindKey implements projection.Source: it finds none.
func (*Shown) FindKey(context.Context, string) (apikey.Record, bool, error) {
	return apikey.Record{}, false, nil
}

// FindLegacy implements projection.Source: it finds none.
func (*Shown) FindLegacy(context.Context, []apikey.Sum) ([]apikey.Record, error) { return nil, nil }
