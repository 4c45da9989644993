package notice

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// Settling holds notices back until nothing has changed for a while: a logout that is followed by a login, or a user who
// is disabled and enabled, is no news. Only memory is needed for that: a worker that takes over waits once more.
type Settling struct {
	Wait tokenstate.Millis

	since map[Subject]waiting
}

type waiting struct {
	what Type
	from tokenstate.Millis
}

// Round is given everything that differs from what was told, and gives what has done so for long enough. A doubt delays a
// notice and does not begin its time anew, or somebody who logs in every few seconds would never be told of.
func (s *Settling) Round(now tokenstate.Millis, all []Notice) (ripe []Notice) {
	next := make(map[Subject]waiting, len(all))
	for _, n := range all {
		w, known := s.since[n.Subject]
		if !known || w.what != n.Type {
			w = waiting{n.Type, now}
		}
		next[n.Subject] = w
		if now-w.from >= s.Wait && now >= n.NotBefore && !n.InDoubt {
			ripe = append(ripe, n)
		}
	}
	s.since = next
	return ripe
}
