package adapters

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/recovery"
)

// StateAround is State of some users' tokens and keys, and of what decides about them: a command about one user must not
// need memory for all.
func StateAround(ctx context.Context, pool *pgxpool.Pool, realm string, users ...string) (recovery.State, error) {
	around, held, err := pgsource.Around(ctx, pool, realm, users...)
	if err != nil {
		return recovery.State{}, err
	}
	return recovery.State{Facts: around.Facts, Tokens: around.Tokens, Keys: held, Rules: around.Rules}, nil
}
