package postgres

import (
	"context"
	"fmt"
)

// Rights are what the role that we connect as may do.
type Rights struct{ Superuser, ReadsSecrets, Writes bool }

// Rights asks Postgres.
func (s *Store) Rights(ctx context.Context) (Rights, error) {
	var r Rights
	const ask = `SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
		has_table_privilege('tokenstate.offline_token_secret', 'SELECT'),
		has_table_privilege('tokenstate.journal', 'INSERT') AND has_table_privilege('tokenstate.floor', 'UPDATE') AND has_table_privilege('tokenstate.fact_look', 'INSERT, UPDATE')`
	if err := s.pool.QueryRow(ctx, ask).Scan(&r.Superuser, &r.ReadsSecrets, &r.Writes); err != nil {
		return Rights{}, fmt.Errorf("ask for our rights: %w", err)
	}
	return r, nil
}

// KeycloakVersion is what Keycloak's last message said of itself; "" if none came.
func (s *Store) KeycloakVersion(ctx context.Context) (version string, err error) {
	last, err := q.LastHeartbeat(ctx, s.pool)
	if err != nil {
		return "", fmt.Errorf("read Keycloak's version: %w", err)
	}
	if len(last) == 0 {
		return "", nil
	}
	m, err := said(last[0])
	return m.Server, err
}

// heardLatest is among how many messages HeardRealms searches.
const heardLatest = 20_000

// HeardRealms are those of which a listener has told an event lately.
func (s *Store) HeardRealms(ctx context.Context) ([]string, error) {
	realms, err := q.HeardRealms(ctx, s.pool, heardLatest)
	if err != nil {
		return nil, fmt.Errorf("read which realms were heard of: %w", err)
	}
	return realms, nil
}
