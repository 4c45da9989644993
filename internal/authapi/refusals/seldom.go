package refusals

import "time"

const (
	sayEvery = time.Minute
	maxNames = kept // of which it is known when they were said
)

// seldom lets what happens again and again be said once a minute for each name, with how often it has happened.
type seldom struct{ names map[string]*saying }

type saying struct {
	at    time.Time
	times int // since then
}

func (s *seldom) again(name string, now time.Time) (times int, say bool) {
	known := s.names[name]
	if known == nil {
		return 1, s.first(name, now)
	}
	known.times++
	if now.Sub(known.at) < sayEvery {
		return 0, false
	}
	times, known.at, known.times = known.times, now, 0
	return times, true
}

// first says a new name, if there is room for it: whoever sends keys of ten thousand users must not fill the log.
func (s *seldom) first(name string, now time.Time) bool {
	if len(s.names) >= maxNames {
		for old, x := range s.names {
			if now.Sub(x.at) >= sayEvery {
				delete(s.names, old)
			}
		}
	}
	if len(s.names) >= maxNames {
		return false
	}
	if s.names == nil {
		s.names = map[string]*saying{}
	}
	s.names[name] = &saying{at: now}
	return true
}
