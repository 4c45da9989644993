package adapters

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/timeline"
)

// Stories joins the journal to admin.Stories.
type Stories struct{ Pool *pgxpool.Pool }

// Explain implements admin.Stories.
func (s Stories) Explain(ctx context.Context, realm, name string) (timeline.Story, error) {
	return pgsource.Explain(ctx, s.Pool, realm, name)
}
