package openhands

import "context"

// enough keys that are all gone are a wrong database, whose numbers mean other keys. Fewer may
// well have been deleted, all of them.
const enough = 10

// missing finds keys that OpenHands has deleted since they were taken over: a deletion there is
// a revocation, and here the key would live on.
func (m *Import) missing(ctx context.Context, r *Report) error {
	there, err := m.From.KeyIDs(ctx)
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(there))
	for _, id := range there {
		known[ID(m.Realm, id)] = true
	}
	living, err := m.To.Living(ctx, IDPrefix(m.Realm))
	if err != nil {
		return err
	}
	var gone []Held
	for _, k := range living {
		if !known[k.ID] {
			gone = append(gone, k)
		}
	}
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
