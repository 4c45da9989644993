package postgres

import (
	"context"
	"fmt"
)

// snapshotRows is what the planner believes: nobody waits for a count of everything.
const snapshotRows = `SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class WHERE relnamespace = 'tokenstate'::regnamespace
	AND (relname LIKE 'fact\_%' OR relname IN ('offline_token', 'api_key', 'service_key', 'org_member')) AND relkind = 'r'`

// SnapshotRows is about how many rows a snapshot has; 0 if Postgres has not counted yet.
func (s *Store) SnapshotRows(ctx context.Context) (n int64, err error) {
	if err := s.pool.QueryRow(ctx, snapshotRows).Scan(&n); err != nil {
		return 0, fmt.Errorf("ask how many rows there are: %w", err)
	}
	return n, nil
}
