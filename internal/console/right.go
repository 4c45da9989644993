package console

import (
	"net/http"
	"time"

	"github.com/tokenstate/tokenstate/internal/console/page"
)

// right answers "Is it right?".
func (s *Server) right(r *http.Request, _ Visitor) (answer, error) {
	seen := page.Seen{Now: s.Known.Now(), Nodes: s.Known.Nodes(), Realms: s.Known.Realms()}
	if ok, why := s.Known.Ready(); !ok {
		seen.NotReady = why
	}
	if until := s.Known.KnownUntil(); until > 0 {
		seen.KnownUntil = until.Time()
	}
	seen.Log, seen.LogAt, seen.Stale = s.log.get(r.Context(), s.Now(), s.Rows.Log)
	if seen.Stale {
		seen.LogAt = seen.LogAt.UTC().Truncate(time.Second)
	}
	return answer{page: "right", title: "Is it right?", data: page.RightOf(seen)}, nil
}
