package console

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/console/page"
)

type keyQuery struct {
	filter      KeyFilter
	state, only string
}

const (
	unusedFor = 90 * 24 * time.Hour
	endsSoon  = 7 * 24 * time.Hour
)

func (s *Server) keyQueryOf(by Visitor, v url.Values) keyQuery {
	q := keyQuery{KeyFilter{
		Realm: by.limited(short(v.Get("realm"))), User: short(v.Get("user")), Kind: apikey.Kind(short(v.Get("kind"))),
		After: short(v.Get("after")),
	}, v.Get("state"), v.Get("only")}
	switch q.only {
	case "live":
		q.filter.Live = true
	case "unused":
		q.filter.Live, q.filter.UnusedBefore = true, s.Known.Now().Add(-unusedFor)
	case "ends":
		q.filter.Live, q.filter.EndsBefore = true, s.Known.Now().Add(endsSoon)
	}
	return q
}

func (q keyQuery) values() url.Values {
	return url.Values{
		"realm": {q.filter.Realm}, "user": {q.filter.User}, "kind": {string(q.filter.Kind)}, "state": {q.state},
		"only": {q.only},
	}
}

// keys lists API keys, admitted or refused as authapi would decide now.
func (s *Server) keys(r *http.Request, v Visitor) (answer, error) {
	q := s.keyQueryOf(v, r.URL.Query())
	data := page.APIKeys{
		Realm: q.filter.Realm, User: q.filter.User, CSV: "/keys.csv?" + q.values().Encode(),
		Kinds:  page.Choices(string(q.filter.Kind), "", "any kind", "system", "system", "user", "user", "legacy", "legacy"),
		States: page.Choices(q.state, "", "any state", "admitted", "admitted", "refused", "refused"),
		Only: page.Choices(q.only, "", "all, dead ones too", "live", "neither revoked nor expired", "unused", "unused for 90 days", "ends",
			"end within 7 days"),
	}
	looked, last, err := s.eachKey(r.Context(), q, maxLooked, func(k page.Key) bool {
		data.Rows = append(data.Rows, k)
		return len(data.Rows) < pageRows
	})
	if err != nil {
		return answer{}, err
	}
	data.Scanned = looked
	if last != "" {
		next := q.values()
		next.Set("after", last)
		data.Next = "/keys?" + next.Encode()
	}
	return answer{page: "keys", title: "API keys", data: data}, nil
}

// eachKey is eachToken for keys.
func (s *Server) eachKey(ctx context.Context, q keyQuery, most int, more func(page.Key) bool) (looked int, last string, err error) {
	f, now := q.filter, s.Known.Now()
	f.Most = batchRows
	for looked < most {
		batch, err := s.Rows.Keys(ctx, f)
		if err != nil {
			return looked, "", err
		}
		for _, k := range batch {
			looked++
			row := page.KeyOf(s.held(k), now)
			if (q.state == "" || row.Mark.Word == q.state) && !more(row) {
				return looked, k.ID, nil
			}
		}
		if len(batch) < f.Most {
			return looked, "", nil
		}
		f.After = batch[len(batch)-1].ID
	}
	return looked, f.After, nil
}

func (s *Server) keysCSV(r *http.Request, v Visitor) (answer, error) {
	q := s.keyQueryOf(v, r.URL.Query())
	rows := func(write func(...string) error) error {
		if err := write("id", "realm", "user", "organization", "name", "kind", "state", "reason", "since", "made", "last_used",
			"ends"); err != nil {
			return err
		}
		var failed error
		_, _, err := s.eachKey(r.Context(), q, csvRows, func(k page.Key) bool {
			failed = write(k.ID, k.Realm, k.User, k.Org, k.Name, k.Kind, k.Mark.Word, k.Reason, stamp(k.Since), stamp(k.Created),
				stamp(k.LastUsed), stamp(k.Expires))
			return failed == nil
		})
		if failed != nil {
			return failed
		}
		return err
	}
	return answer{file: &file{"keys.csv", rows}}, nil
}
