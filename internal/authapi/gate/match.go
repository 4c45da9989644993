package gate

import (
	"context"
	"strings"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Match finds the record of each presented key; the zero record, where none is known or the secret
// is another. An error means that it cannot be decided: 503, never 401.
func (g *Gate) Match(ctx context.Context, ps ...apikey.Presented) ([]apikey.Record, error) {
	recs, err := g.find(ctx, ps)
	if err != nil {
		return nil, err
	}
	for i, p := range ps {
		recs[i] = g.matched(recs[i], p)
	}
	return recs, nil
}

// MatchOne is Match for one key, without the lists that several need: each request of a user comes here.
func (g *Gate) MatchOne(ctx context.Context, p apikey.Presented) (apikey.Record, error) {
	if p.Legacy() {
		recs, err := g.Match(ctx, p)
		if err != nil {
			return apikey.Record{}, err
		}
		return recs[0], nil
	}
	rec, _, err := g.Known.KeyByID(ctx, p.ID)
	if err != nil {
		return apikey.Record{}, err
	}
	return g.matched(rec, p), nil
}

// matched is rec if the secret is right. The work is the same for the zero record: one latency for all.
func (g *Gate) matched(rec apikey.Record, p apikey.Presented) apikey.Record {
	if !g.Peppers.Matches(rec, p) {
		return apikey.Record{}
	}
	return rec
}

// find looks for keys of our format by their ids, and for all others at once.
func (g *Gate) find(ctx context.Context, ps []apikey.Presented) ([]apikey.Record, error) {
	recs := make([]apikey.Record, len(ps))
	var others [][]apikey.Sum
	var at []int
	for i, p := range ps {
		if p.Legacy() {
			others, at = append(others, g.digests(p)), append(at, i)
			continue
		}
		rec, known, err := g.Known.KeyByID(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		if known {
			recs[i] = rec
		}
	}
	found, err := g.Known.KeysByDigest(ctx, others)
	for i := range found {
		recs[at[i]] = found[i]
	}
	return recs, err
}

// digests are what may be stored of a key.
func (g *Gate) digests(p apikey.Presented) []apikey.Sum {
	sums := make([]apikey.Sum, len(g.Peppers))
	for i, pepper := range g.Peppers {
		sums[i] = apikey.Digest(pepper, p)
	}
	return sums
}

// Decide is what a key's holder would be told.
func (g *Gate) Decide(rec apikey.Record) apikey.Decision {
	cutoff, cause, cut := g.Known.KeyCut(rec.Realm, rec.User, rec.ID)
	now := g.DatabaseTime()
	rec.NotMember = !g.IsMember(rec)
	d := apikey.Admit(rec, g.Known.Owner(rec.Realm, rec.User), cut, tokenstate.Seconds(now.Unix()), g.Policy())
	if d.Reason == apikey.ReasonRevoked && cut && d.Cause == "" {
		d.Since, d.Cause = cutoff.At, cause
	}
	return d
}

func refusedKey(d apikey.Decision) *problem.Problem {
	p := problem.Unauthorized(d.Reason, keyAdvice[d.Reason], true)
	p.Since, p.EventID = d.Since.Instant(), d.Cause
	return p
}

var keyAdvice = map[string]string{
	apikey.ReasonExpired:       "the key has expired: make a new one",
	apikey.ReasonNotYetValid:   "the key is not valid yet",
	apikey.ReasonRevoked:       "the key was revoked: make a new one",
	apikey.ReasonUserDisabled:  "the key's owner is disabled: the key works again when an administrator enables them",
	apikey.ReasonUserDeleted:   "the key's owner was deleted",
	apikey.ReasonRealmDisabled: "the realm of the key's owner is disabled or deleted",
	apikey.ReasonNotAMember:    "the key's owner is no member of the key's organization",
}

// ShownName is a key's name as callers know it.
func ShownName(rec apikey.Record) string { return strings.TrimPrefix(rec.Name, apikey.SystemPrefix) }
