package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/tokenstate/tokenstate/internal/authapi/redact"
	"github.com/tokenstate/tokenstate/internal/console/page"
)

// audit shows what was done with credentials, the latest first.
func (s *Server) audit(r *http.Request, v Visitor) (answer, error) {
	q := r.URL.Query()
	before, err := strconv.ParseInt("0"+q.Get("before"), 10, 64)
	if err != nil {
		return answer{}, &fault{http.StatusBadRequest, "That page does not exist", "Begin at the first page of the audit."}
	}
	data := page.Audit{Actor: short(q.Get("actor")), Action: short(q.Get("action")), Target: short(q.Get("target"))}
	data.Rows, err = s.Rows.Acts(r.Context(),
		ActFilter{Actor: data.Actor, Action: data.Action, Target: data.Target, Before: before, Most: pageRows + 1})
	if err != nil {
		return answer{}, err
	}
	if len(data.Rows) > pageRows {
		data.Rows = data.Rows[:pageRows]
		data.Next = "/audit?" + url.Values{
			"actor": {data.Actor}, "action": {data.Action}, "target": {data.Target}, "before": {strconv.FormatInt(data.Rows[pageRows-1].N, 10)},
		}.Encode()
	}
	data.Rows = slices.DeleteFunc(data.Rows, func(a page.Act) bool { return !v.Sees(a.Realm) })
	return answer{page: "audit", title: "Audit", data: data}, nil
}

// maxParked is how many messages that could not be read are shown.
const maxParked = 200

func (s *Server) parked(r *http.Request, v Visitor) (answer, error) {
	if err := v.whole("A message that could not be read"); err != nil {
		return answer{}, err
	}
	ps, err := s.Rows.Parked(r.Context(), maxParked)
	if err != nil {
		return answer{}, err
	}
	return answer{page: "parked", title: "Parked messages", data: struct {
		Rows []page.Unread
		Most int
	}{page.UnreadOf(ps, redact.Text), maxParked}}, nil
}
