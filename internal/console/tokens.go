package console

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Bounds of lists. A page that finds too few rows among so many looked at ends there, and goes on by
// its link: a rare state among millions must not cost millions at once.
const (
	pageRows  = 50
	batchRows = 500
	maxLooked = 5000
	csvRows   = 200_000
)

type tokenQuery struct {
	filter      TokenFilter
	state, need string
}

func tokenQueryOf(by Visitor, v url.Values) (q tokenQuery, err error) {
	q.filter = TokenFilter{Realm: by.limited(short(v.Get("realm"))), ClientID: short(v.Get("client"))}
	q.state, q.need = v.Get("state"), v.Get("need")
	if after := v.Get("after"); after != "" {
		var place [3]string
		raw, err := base64.RawURLEncoding.DecodeString(after)
		if err != nil || json.Unmarshal(raw, &place) != nil {
			return q, &fault{http.StatusBadRequest, "That page does not exist", "Begin at the first page of the list."}
		}
		q.filter.After = tokenstate.Token{Realm: place[0], Session: place[1], ClientID: place[2]}
	}
	return q, nil
}

// short cuts what no id can be.
func short(s string) string { return strings.TrimSpace(s)[:min(len(strings.TrimSpace(s)), maxID)] }

// tokens lists what is kept and tracked, with what is known of each.
func (s *Server) tokens(r *http.Request, v Visitor) (answer, error) {
	q, err := tokenQueryOf(v, r.URL.Query())
	if err != nil {
		return answer{}, err
	}
	data := page.Tokens{
		Realm: q.filter.Realm, Client: q.filter.ClientID,
		States: page.Choices(q.state, "", "any state", "usable", "usable", "suspended", "suspended", "revoked", "revoked"),
		Needs:  page.Choices(q.need, "", "everybody", "login", "users who must log in again"),
	}
	looked, last, err := s.eachToken(r.Context(), q, maxLooked, func(t page.Stored) bool {
		data.Rows = append(data.Rows, page.TokenOf(t))
		return len(data.Rows) < pageRows
	})
	if err != nil {
		return answer{}, err
	}
	data.Scanned = looked
	query := url.Values{"realm": {q.filter.Realm}, "client": {q.filter.ClientID}, "state": {q.state}, "need": {q.need}}
	data.CSV = "/tokens.csv?" + query.Encode()
	if last != (tokenstate.Token{}) {
		place, _ := json.Marshal([3]string{last.Realm, last.Session, last.ClientID}) // three texts
		query.Set("after", base64.RawURLEncoding.EncodeToString(place))
		data.Next = "/tokens?" + query.Encode()
	}
	return answer{page: "tokens", title: "Offline tokens", data: data}, nil
}

// eachToken gives those that fit, until more says no, or so many were looked at. last is where to go
// on; the zero one if there is nothing left.
func (s *Server) eachToken(ctx context.Context, q tokenQuery, most int,
	more func(page.Stored) bool,
) (looked int, last tokenstate.Token, err error) {
	f := q.filter
	f.Most = batchRows
	for looked < most {
		batch, err := s.Rows.Tokens(ctx, f)
		if err != nil {
			return looked, last, err
		}
		for _, t := range batch {
			looked++
			if stored := s.stored(t); s.fits(stored, q) && !more(stored) {
				return looked, t.Token, nil
			}
		}
		if len(batch) < f.Most {
			return looked, tokenstate.Token{}, nil
		}
		f.After = batch[len(batch)-1].Token
	}
	return looked, f.After, nil
}

// fits: somebody must log in again whose best token of the client is dead for good.
func (s *Server) fits(t page.Stored, q tokenQuery) bool {
	if q.state != "" && t.Verdict.State.String() != q.state {
		return false
	}
	if q.need != "login" {
		return true
	}
	_, best, ok := s.Known.Best(t.Token.Realm, t.Token.User, t.Token.ClientID, func(projection.Token) bool { return true })
	return ok && best.State == tokenstate.Revoked
}

func (s *Server) tokensCSV(r *http.Request, v Visitor) (answer, error) {
	q, err := tokenQueryOf(v, r.URL.Query())
	if err != nil {
		return answer{}, err
	}
	rows := func(write func(...string) error) error {
		if err := write("realm", "user", "client", "session", "state", "reason", "since", "event", "issued", "checked", "in_doubt",
			"custody", "verified"); err != nil {
			return err
		}
		var failed error
		_, _, err := s.eachToken(r.Context(), q, csvRows, func(x page.Stored) bool {
			t := page.TokenOf(x)
			failed = write(t.Realm, t.User, t.ClientID, t.Session, t.Mark.Word, t.Reason, stamp(t.Since), t.Event, stamp(t.Issued),
				stamp(t.Checked), yes(t.InDoubt), t.Custody, yes(t.Verified))
			return failed == nil
		})
		if failed != nil {
			return failed
		}
		return err
	}
	return answer{file: &file{"tokens.csv", rows}}, nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
