package openhands

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// disabledOwner is SQL: OpenHands refuses whoever user_id is. Where its table user has no such
// columns yet, nobody.
func (s *Source) disabledOwner() string {
	var said []string
	for _, column := range []string{"is_disabled", "deletion_pending"} {
		if s.columns["user."+column] {
			said = append(said, "u."+column)
		}
	}
	if len(said) == 0 {
		return "false"
	}
	return `EXISTS (SELECT FROM "user" u WHERE u.id::text = user_id AND (` + strings.Join(said, " OR ") + `))`
}

// revokedOwner is SQL: an administrator has revoked what the owner of a key had, and the key is older. As of Keys, an epoch
// is right whether a column has a zone or not.
func (s *Source) revokedOwner() string {
	if !s.columns["user.credentials_revoked_at"] {
		return "false"
	}
	// Few are such users, and they are found once: only for their keys are all users read, which no index finds by text.
	return `user_id IN (SELECT id::text FROM "user" WHERE credentials_revoked_at IS NOT NULL)
		AND EXISTS (SELECT FROM "user" u WHERE u.id::text = user_id
		AND extract(epoch FROM u.credentials_revoked_at) > extract(epoch FROM created_at))`
}

// Disabled are the users whom OpenHands refuses and who have something that is taken over.
func (s *Source) Disabled(ctx context.Context) ([]string, error) {
	rows, err := s.tx.Query(ctx, `SELECT user_id FROM (SELECT user_id FROM api_keys UNION SELECT user_id FROM offline_tokens) owners
		WHERE user_id <> '' AND length(user_id) <= $1 AND `+s.disabledOwner()+` ORDER BY user_id`, maxID)
	if err != nil {
		return nil, fmt.Errorf("read user: %w", err)
	}
	return collect(rows, "user", pgx.RowTo[string])
}

// disabled gives the backend's word on users whom it has disabled, before their keys are taken
// over. Whom it enables again it says itself, by the call for standings.
func (m *Import) disabled(ctx context.Context, r *Report) error {
	users, err := m.From.Disabled(ctx)
	if err != nil || len(users) == 0 {
		return err
	}
	r.Disabled = len(users)
	r.DisabledNow, err = m.To.Disable(ctx, m.Realm, users, m.Dry)
	return err
}
