package postgres

import (
	"context"
	"fmt"

	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// SealedUnder counts ciphertexts by the key that they are under.
func (s *Store) SealedUnder(ctx context.Context) (map[string]int64, error) {
	rows, err := q.SealedByKey(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("count sealed tokens: %w", err)
	}
	out := map[string]int64{}
	for _, r := range rows {
		out[r.KeyID] = r.N
	}
	return out, nil
}

// Reseal puts next in the place of old, unless something else lies there by now.
func (s *Store) Reseal(ctx context.Context, t tokenstate.Token, old, next Ciphertext) (done bool, err error) {
	n, err := q.Reseal(ctx, s.pool, dbsqlc.ResealParams{
		Realm: t.Realm, Session: t.Session, ClientID: t.ClientID, Old: old.Bytes, KeyID: next.KeyID, Ciphertext: next.Bytes,
	})
	if err != nil {
		return false, fmt.Errorf("reseal token: %w", err)
	}
	return n > 0, nil
}

// EachSealedOtherwise calls f with each ciphertext that is not under the key, until f fails.
func (s *Store) EachSealedOtherwise(ctx context.Context, keyID string, f func(tokenstate.Token, Ciphertext) error) error {
	const most = 500
	p := dbsqlc.SealedOtherwiseParams{KeyID: keyID, Most: most}
	for {
		rows, err := q.SealedOtherwise(ctx, s.pool, p)
		if err != nil {
			return fmt.Errorf("read sealed tokens: %w", err)
		}
		for _, r := range rows {
			t := tokenstate.Token{Realm: r.Realm, User: r.UserID, ClientID: r.ClientID, Session: r.Session}
			if err := f(t, Ciphertext{r.KeyID, r.Ciphertext}); err != nil {
				return err
			}
			p.Realm, p.Session, p.ClientID = r.Realm, r.Session, r.ClientID
		}
		if len(rows) < most {
			return nil
		}
	}
}
