package recovery

import (
	"slices"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Difference is one verdict that differs between two states.
type Difference struct {
	Realm   string `json:"realm"`
	User    string `json:"user"`
	What    string `json:"what"` // a token by client and session, or a key by id
	Key     bool   `json:"-"`    // it is a key's
	Before  string `json:"before"`
	After   string `json:"after"`
	Because string `json:"because,omitempty"` // the deciding message
}

// Differences are the verdicts on b's tokens and keys that a's facts would have given otherwise.
func Differences(a, b State) (ds []Difference) {
	for _, t := range b.Tokens {
		was, is := tokenstate.Judge(t, a.Facts, a.Rules), tokenstate.Judge(t, b.Facts, b.Rules)
		if verdict(was) != verdict(is) {
			ds = append(ds, Difference{
				t.Realm, t.User, "token of " + t.ClientID + " in session " + t.Session, false, verdict(was), verdict(is),
				is.Cause,
			})
		}
	}
	for _, k := range b.Keys {
		was, is := admission(k, a), admission(k, b)
		if was.Active != is.Active || was.Reason != is.Reason {
			ds = append(ds, Difference{k.Realm, k.User, "key " + k.ID, true, decision(was), decision(is), is.Cause})
		}
	}
	return ds
}

func verdict(v tokenstate.Verdict) string {
	if v.Reason == "" {
		return v.State.String()
	}
	return v.State.String() + " " + v.Reason
}

func decision(d apikey.Decision) string {
	if d.Active {
		return "admitted"
	}
	return "refused " + d.Reason
}

// admission is what becomes of a key by its owner and by orders, as if its time had come and
// not yet passed.
func admission(k apikey.Record, s State) apikey.Decision {
	_, _, cut := s.Facts.KeyCut(k.Realm, k.User, k.ID)
	owner := tokenstate.Owner(k.Realm, k.User, s.Facts, s.Rules)
	k.Expires = 0
	return apikey.Admit(k, owner, cut, max(k.Created, k.NotBefore), apikey.BestEffort())
}

// compare says which facts b has beyond a, which it lacks, and which it holds otherwise; one
// line each, in order.
func compare(a, b tokenstate.Facts) (added, lacking, other []string) {
	tokenstate.Apart(a, b, func(a, b tokenstate.Facts) {
		was, is := index(a), index(b)
		for k, v := range is {
			if w, both := was[k]; !both {
				added = append(added, k+" "+v)
			} else if w != v {
				other = append(other, k+" "+v+", not "+w)
			}
		}
		for k, v := range was {
			if _, both := is[k]; !both {
				lacking = append(lacking, k+" "+v)
			}
		}
	})
	slices.Sort(added)
	slices.Sort(lacking)
	slices.Sort(other)
	return added, lacking, other
}

// index names each fact by kind and key; its rank holds all of its value.
func index(f tokenstate.Facts) map[string]string {
	rows := f.Rows()
	out := make(map[string]string, len(rows))
	for _, r := range rows {
		rank := r.Rank()
		out[r.Kind()+" "+r.RowKey()] = rank.At.Time().Format("2006-01-02T15:04:05.000Z") + " " + rank.Tie
	}
	return out
}
