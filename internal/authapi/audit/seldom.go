package audit

import (
	"sync"
	"time"
)

// sayEvery is how often the log repeats a fault that lasts.
const sayEvery = time.Minute

// seldom lets what happens again and again be said once a minute, with how often it has happened since it was last said.
type seldom struct {
	mu    sync.Mutex
	said  time.Time
	times int
}

// again reports whether to say it now.
func (s *seldom) again(now time.Time) (times int, say bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times++
	if !s.said.IsZero() && now.Sub(s.said) < sayEvery {
		return 0, false
	}
	times, s.said, s.times = s.times, now, 0
	return times, true
}

// over reports whether it had happened, and lets the next time be said at once.
func (s *seldom) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	had := !s.said.IsZero()
	s.said, s.times = time.Time{}, 0
	return had
}
