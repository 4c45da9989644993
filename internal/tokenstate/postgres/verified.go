package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/condition"
)

// sound begins the audit's line of a verification that found nothing.
const sound = "sound: "

// NoteVerify writes that somebody verified, and what came of it.
func (s *Store) NoteVerify(ctx context.Context, by string, nothing bool, found string) error {
	if nothing {
		found = sound + found
	}
	return audit(ctx, s.pool, by, "verify", found)
}

// LastVerify reads the last one.
func (s *Store) LastVerify(ctx context.Context) (v condition.Verified, err error) {
	r, err := q.LastVerify(ctx, s.pool)
	if errors.Is(err, pgx.ErrNoRows) {
		return v, nil
	}
	if err != nil {
		return v, fmt.Errorf("read the audit: %w", err)
	}
	found, nothing := strings.CutPrefix(r.Detail, sound)
	return condition.Verified{At: r.At.UTC(), By: r.Actor, Sound: nothing, Found: found}, nil
}
