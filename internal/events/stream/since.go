package stream

import (
	"context"
	"fmt"
	"sort"
	"time"
)

// SeqSince is the first sequence that the log received at t or later, by its own time; one more
// than the last if there is none. The log's time never falls while its sequence rises, so a
// search by halves asks for a few messages only.
func (l *Log) SeqSince(ctx context.Context, t time.Time) (uint64, error) {
	s, err := l.js.Stream(ctx, Name)
	if err != nil {
		return 0, fmt.Errorf("ask for the stream %s: %w", Name, err)
	}
	state := s.CachedInfo().State
	if state.LastSeq < state.FirstSeq {
		return state.LastSeq + 1, nil
	}
	n := sort.Search(int(state.LastSeq-state.FirstSeq+1), func(i int) bool {
		m, getErr := s.GetMsg(ctx, state.FirstSeq+uint64(i))
		if getErr != nil {
			err = getErr
			return true
		}
		return !m.Time.Before(t)
	})
	if err != nil {
		return 0, fmt.Errorf("search the log by time: %w", err)
	}
	return state.FirstSeq + uint64(n), nil
}
