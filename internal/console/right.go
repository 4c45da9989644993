package console

import (
	"net/http"
	"slices"
	"time"

	"github.com/tokenstate/tokenstate/internal/condition"
	"github.com/tokenstate/tokenstate/internal/console/page"
)

// right answers "Is it right?".
func (s *Server) right(r *http.Request, v Visitor) (answer, error) {
	seen := condition.Seen{Now: s.Known.Now(), Nodes: s.Known.Nodes()}
	if ok, why := s.Known.Ready(); !ok {
		seen.NotReady = why
	}
	if until := s.Known.KnownUntil(); until > 0 {
		seen.KnownUntil = until.Time()
	}
	log, at, stale := s.logState(r, v)
	if seen.Stale = stale; log != nil {
		seen.Log = &log.Log
	}
	return answer{page: "right", title: "Is it right?", data: page.Right{
		Condition: condition.Of(seen), Realms: page.RealmsOf(s.Known.Realms(), v.Sees), Stale: stale, LogAt: at,
	}}, nil
}

// logState is what the database last said of the log, as far as v may see it; nil if it has
// said nothing yet. stale: it does not answer now.
func (s *Server) logState(r *http.Request, v Visitor) (log *page.Log, at time.Time, stale bool) {
	log, at, err := s.log.Get(r.Context(), s.Now(), s.Rows.Log)
	if log != nil {
		own := *log
		own.Log = log.Of(v.Sees)
		own.Readings = slices.DeleteFunc(slices.Clone(log.Readings), func(x page.Reading) bool { return !v.Sees(x.Realm) })
		log = &own
	}
	return log, at.UTC().Truncate(time.Second), err != nil && log != nil
}
