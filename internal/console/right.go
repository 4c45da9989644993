package console

import (
	"net/http"
	"time"

	"github.com/tokenstate/tokenstate/internal/condition"
	"github.com/tokenstate/tokenstate/internal/console/page"
)

// right answers "Is it right?".
func (s *Server) right(r *http.Request, _ Visitor) (answer, error) {
	seen := condition.Seen{Now: s.Known.Now(), Nodes: s.Known.Nodes()}
	if ok, why := s.Known.Ready(); !ok {
		seen.NotReady = why
	}
	if until := s.Known.KnownUntil(); until > 0 {
		seen.KnownUntil = until.Time()
	}
	log, at, stale := s.logState(r)
	if seen.Stale = stale; log != nil {
		seen.Log = &log.Log
	}
	return answer{page: "right", title: "Is it right?", data: page.Right{
		Condition: condition.Of(seen), Realms: page.RealmsOf(s.Known.Realms()), Stale: stale, LogAt: at,
	}}, nil
}

// logState is what the database last said of the log, nil if it has said nothing yet; stale: it does not answer now.
func (s *Server) logState(r *http.Request) (log *page.Log, at time.Time, stale bool) {
	log, at, err := s.log.Get(r.Context(), s.Now(), s.Rows.Log)
	return log, at.UTC().Truncate(time.Second), err != nil && log != nil
}
