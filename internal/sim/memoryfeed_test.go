package sim

import (
	"maps"
	"slices"
	"strconv"

	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func (s *memoryStore) facts() tokenstate.Facts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return tokenstate.FactsOf(slices.Collect(maps.Values(s.rows)))
}

func (s *memoryStore) snapshot() projection.Snapshot {
	facts := s.facts()
	s.mu.Lock()
	defer s.mu.Unlock()
	snap := projection.Snapshot{Version: int64(len(s.feed)), Facts: facts, Tokens: slices.Collect(maps.Values(s.tokens)), Keys: s.keys}
	if n := len(s.feed); n > 0 {
		snap.Nonce = s.feed[n-1].Nonce
	}
	return snap
}

func (s *memoryStore) since(after int64) ([]projection.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if after > int64(len(s.feed)) {
		return nil, projection.ErrReload
	}
	if after == 0 {
		return append([]projection.Version{{}}, s.feed...), nil
	}
	vs := slices.Clone(s.feed[after-1:])
	vs[0].Changes = nil // only its nonce is compared
	return vs, nil
}

func (s *memoryStore) status() projection.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return projection.Status{
		Epoch: s.epoch, History: strconv.Itoa(s.history), Confirmed: s.confirmed == [2]int64{s.epoch, int64(s.history)}, Rules: s.rules, Now: s.now(),
	}
}
