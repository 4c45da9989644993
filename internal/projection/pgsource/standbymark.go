package pgsource

import (
	"time"

	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// mark is the version at which the primary was at a time.
type mark struct {
	at      time.Time
	version int64
}

// compare notes until when the standby had all. A busy primary is always ahead of it, so it is held to where that was a moment ago.
func (s *Standby) compare(version int64, primary state.Ancestor, at time.Time, answered bool) {
	if !s.mark.at.IsZero() && version >= s.mark.version {
		s.asOf, s.mark = s.mark.at, mark{}
	}
	switch {
	case !answered:
	case version == primary.Version:
		s.asOf, s.mark = at, mark{}
	case s.mark.at.IsZero():
		s.mark = mark{at, primary.Version}
	}
}
