package postgres

import (
	"context"
	"fmt"
	"strings"
)

// Ancestor is what a primary says of a version that a standby is at. Nonces are random: who knows the version by the same one
// has its state, and all that came after.
type Ancestor struct {
	Version int64  // where the primary stands
	History string // the primary's
	Nonce   string // of the version that was asked about; "" if it is not known
}

// Ancestor asks about a version.
func (s *Store) Ancestor(ctx context.Context, version int64) (Ancestor, error) {
	a, err := q.Ancestor(ctx, s.pool, version)
	if err != nil {
		return Ancestor{}, fmt.Errorf("ask the primary about a version: %w", err)
	}
	return Ancestor(a), nil
}

// Head is where the feed stands.
func (s *Store) Head(ctx context.Context) (version int64, nonce string, err error) {
	h, err := q.Head(ctx, s.pool)
	if err != nil {
		return 0, "", fmt.Errorf("read the feed's head: %w", err)
	}
	return h.Version, h.Nonce, nil
}

// parts of a history: the server (standbys have their primary's), its timeline, its start, the database and the table.
const parts = 5

// SameOrigin reports whether two histories are of one database, whichever of its servers they are of.
func SameOrigin(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	return len(as) == parts && len(bs) == parts && as[0] == bs[0] && as[3] == bs[3] && as[4] == bs[4]
}

// Promoted reports whether a server of the database takes writes without being the primary.
func Promoted(server, primary string) bool {
	of := strings.Split(server, "/")
	return server != primary && len(of) == parts && of[1] != ""
}
