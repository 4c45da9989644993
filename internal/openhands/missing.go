package openhands

import (
	"context"
	"errors"
	"math"
	"slices"
)

// enough keys that are all gone are a wrong database, whose numbers mean other keys. Fewer may
// well have been deleted, all of them.
const enough = 10

// missing finds keys that OpenHands has deleted since they were taken over: a deletion there is
// a revocation, and here the key would live on.
func (m *Import) missing(ctx context.Context, r *Report) error {
	living, err := m.To.Living(ctx, IDPrefix(m.Realm))
	if err != nil {
		return err
	}
	there, err := m.still(ctx, living)
	if err != nil {
		return err
	}
	gone := slices.DeleteFunc(slices.Clone(living), func(h Held) bool { return there[h.ID] })
	r.Missing = len(gone)
	if len(gone) == len(living) && len(gone) >= enough {
		return ErrOther
	}
	if !m.Revoke || m.Dry || len(gone) == 0 {
		return nil
	}
	if err := m.To.Revoke(ctx, m.Realm, gone); err != nil {
		return err
	}
	r.Revoked = len(gone)
	return nil
}

// still are those of the living keys that are there as they were. Every database numbers its keys from 1, so a number that
// means another key is another database, whose keys would take the place of those that were taken over. A key that was
// given scopes since is there no more, for what was taken over may do everything; nor is one that was revoked with all that
// its owner had.
func (m *Import) still(ctx context.Context, living []Held) (there map[string]bool, err error) {
	there = map[string]bool{}
	held := make(map[string]Held, len(living))
	for _, h := range living {
		held[h.ID] = h
	}
	for after := int64(math.MinInt64); len(held) > 0; {
		rows, err := m.From.Keys(ctx, after, page)
		if err != nil || len(rows) == 0 {
			return there, err
		}
		after = rows[len(rows)-1].ID
		for _, row := range rows {
			h, was := held[ID(m.Realm, row.ID)]
			if !was {
				continue
			}
			k, err := row.Take(m.Realm, m.Pepper)
			switch {
			case errors.Is(err, ErrScoped), errors.Is(err, ErrRevoked):
			case err != nil || !h.is(k.Record):
				return nil, ErrOther
			default:
				there[h.ID] = true
			}
		}
	}
	return there, nil
}
