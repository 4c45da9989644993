package gate

import (
	"net/http"
	"slices"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
)

// Holder asks for a key that is admitted, and if realms are named for one of these, or says why
// not. ages are the answer's, set already; if the caller has waited they are set anew.
func (g *Gate) Holder(r *http.Request, realms []string, ages http.Header) (apikey.Record, *problem.Problem) {
	loads := g.Known.Loads()
	rec, bad := g.holder(r, realms, ages)
	if moved := g.Steady(loads); moved != nil {
		rec, bad = apikey.Record{}, moved
	}
	g.countKey(bad)
	if bad != nil {
		g.RefuseHolder(r.Context(), rec, bad)
		return apikey.Record{}, bad
	}
	return rec, nil
}

func (g *Gate) countKey(bad *problem.Problem) {
	reason := ""
	if bad != nil {
		reason = bad.Reason
	}
	g.Metrics.Decided("key", bad == nil, reason)
}

// holder gives the record also with a refusal, once the secret has matched: who asked is known then.
func (g *Gate) holder(r *http.Request, realms []string, ages http.Header) (apikey.Record, *problem.Problem) {
	if bad := g.Ready(); bad != nil {
		return apikey.Record{}, bad
	}
	p, bad := presentedKey(r.Header)
	if bad != nil {
		return apikey.Record{}, g.Failed(r, bad)
	}
	if bad := g.limitLookUp(r, p); bad != nil {
		return apikey.Record{}, bad
	}
	rec, bad := g.matching(r, p, realms)
	if bad != nil {
		return apikey.Record{}, bad
	}
	if bad := g.limitKey(rec.ID); bad != nil { // before it waits
		return rec, bad
	}
	asked, bad := g.caughtUp(r, waiter{rec.Realm + " " + rec.User, ownerShare})
	if asked && bad == nil {
		g.SetAges(ages) // before the decision: they must not promise more
		rec, bad = g.matching(r, p, realms)
	}
	if bad != nil {
		return rec, bad
	}
	if bad := g.refusal(r, rec); bad != nil {
		return rec, bad
	}
	g.NoteUse(rec, p)
	return rec, nil
}

// matching is the record of a key whose secret is right and whose realm is asked for. Only then may
// a caller hear more.
func (g *Gate) matching(r *http.Request, p apikey.Presented, realms []string) (apikey.Record, *problem.Problem) {
	rec, err := g.MatchOne(r.Context(), p)
	switch {
	case err != nil:
		g.Log(r.Context()).Warn().Err(err).Msg("API key not decided")
		return apikey.Record{}, problem.Unavailable("undecidable", "whether the key is valid cannot be decided now: try again, do not drop the key")
	case rec.ID == "":
		return apikey.Record{}, g.Failed(r, unknownKey())
	case len(realms) > 0 && !slices.Contains(realms, rec.Realm): // as if there were no such key
		return apikey.Record{}, g.Failed(r, unknownKey())
	case !g.Realms.Serve(rec.Realm): // also of a dead one no more is told
		return apikey.Record{}, g.Failed(r, wrongRealm())
	}
	return rec, nil
}

// refusal says why a key that matched is not admitted.
func (g *Gate) refusal(r *http.Request, rec apikey.Record) *problem.Problem {
	switch d := g.Decide(rec); {
	case d.Reason == apikey.ReasonUndecidable:
		return problem.Unavailable("undecidable", "too little is known of the key's owner now: try again, do not drop the key")
	case !d.Active:
		return refusedKey(d)
	case !g.fits(rec, r.Header.Values(headerOrg)):
		return problem.New(http.StatusForbidden, "wrong-organization", "",
			"the key may not be used for the organization that "+headerOrg+" names")
	}
	return nil
}

// fits: a key with an organization is for that one alone. One without is bound to none, so whoever
// asks may name any, and where members are checked one of its owner's. An empty header names none.
func (g *Gate) fits(rec apikey.Record, orgs []string) bool {
	switch {
	case len(orgs) == 0 || len(orgs) == 1 && orgs[0] == "":
		return true
	case len(orgs) > 1:
		return false
	}
	org := apikey.Organization(orgs[0])
	if rec.Org != "" {
		return org == apikey.Organization(rec.Org)
	}
	return g.IsMember(apikey.Record{Realm: rec.Realm, User: rec.User, Org: org})
}
