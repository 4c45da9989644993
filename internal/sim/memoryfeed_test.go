package sim

import (
	"errors"
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

func (s *memoryStore) newsSince(after int64) projection.News {
	n := projection.News{Status: s.status()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if after > int64(len(s.feed)) {
		n.Gap = errors.New("the reader is ahead")
		return n
	}
	if after > 0 {
		n.Was = s.feed[after-1].Nonce
	}
	if len(s.feed) > 0 {
		n.Now.Version, n.Now.Nonce = int64(len(s.feed)), s.feed[len(s.feed)-1].Nonce
	}
	for _, v := range s.feed[after:] {
		n.Now.Changes = append(n.Now.Changes, v.Changes...)
	}
	return n
}

func (s *memoryStore) status() projection.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return projection.Status{
		Epoch: s.epoch, History: strconv.Itoa(s.history), Confirmed: s.confirmed == [2]int64{s.epoch, int64(s.history)}, Rules: s.rules, Now: s.now(),
	}
}
