package authapi

import (
	"net/http"
	"slices"

	"github.com/tokenstate/tokenstate/internal/apikey"
)

// keyHolder asks for a key that is admitted, and if realms are named for one of these, or says why
// not. The ages of what it decides by are put into ages.
func (s *Server) keyHolder(r *http.Request, realms []string, ages http.Header) (apikey.Record, *Problem) {
	rec, bad := s.holderOf(r, realms, ages)
	s.countKey(bad)
	return rec, bad
}

func (s *Server) countKey(bad *Problem) {
	reason := ""
	if bad != nil {
		reason = bad.Reason
	}
	s.Metrics.decided("key", bad == nil, reason)
}

func (s *Server) holderOf(r *http.Request, realms []string, ages http.Header) (apikey.Record, *Problem) {
	if bad := s.ready(); bad != nil {
		return apikey.Record{}, bad
	}
	p, bad := presentedKey(r.Header)
	if bad != nil {
		return apikey.Record{}, s.failed(r, bad)
	}
	if bad := s.limitLookUp(r, p); bad != nil {
		return apikey.Record{}, bad
	}
	rec, bad := s.matching(r, p, realms)
	if bad != nil {
		return apikey.Record{}, bad
	}
	if bad := s.limitKey(rec.ID); bad != nil { // before it waits
		return apikey.Record{}, bad
	}
	asked, bad := s.caughtUp(r, waiter{rec.Realm + " " + rec.User, ownerShare})
	if asked && bad == nil {
		rec, bad = s.matching(r, p, realms)
	}
	if bad != nil {
		return apikey.Record{}, bad
	}
	s.ages(ages) // before the decision: they must not promise more
	if bad := s.refusal(r, rec); bad != nil {
		return apikey.Record{}, bad
	}
	s.noteUse(rec, p)
	return rec, nil
}

// matching is the record of a key whose secret is right and whose realm is asked for. Only then may
// a caller hear more.
func (s *Server) matching(r *http.Request, p apikey.Presented, realms []string) (apikey.Record, *Problem) {
	recs, err := s.match(r.Context(), p)
	switch {
	case err != nil:
		s.log(r.Context()).Warn().Err(err).Msg("API key not decided")
		return apikey.Record{}, unavailable("undecidable", "whether the key is valid cannot be decided now: try again, do not drop the key")
	case recs[0].ID == "":
		return apikey.Record{}, s.failed(r, unknownKey())
	case len(realms) > 0 && !slices.Contains(realms, recs[0].Realm): // as if there were no such key
		return apikey.Record{}, s.failed(r, unknownKey())
	case !s.Realms.serve(recs[0].Realm): // also of a dead one no more is told
		return apikey.Record{}, s.failed(r, wrongRealm())
	}
	return recs[0], nil
}

// refusal says why a key that matched is not admitted.
func (s *Server) refusal(r *http.Request, rec apikey.Record) *Problem {
	switch d := s.decisionOn(rec); {
	case d.Reason == apikey.ReasonUndecidable:
		return unavailable("undecidable", "too little is known of the key's owner now: try again, do not drop the key")
	case !d.Active:
		return refusedKey(d)
	case !s.fits(rec, r.Header.Values(headerOrg)):
		return problem(http.StatusForbidden, "wrong-organization", "", "the key may not be used for the organization that "+headerOrg+" names")
	}
	return nil
}

// fits: a key with an organization is for that one alone. One without is bound to none, so whoever
// asks may name any, and where members are checked one of its owner's.
func (s *Server) fits(rec apikey.Record, orgs []string) bool {
	switch {
	case len(orgs) == 0:
		return true
	case len(orgs) > 1:
		return false
	case rec.Org != "":
		return orgs[0] == rec.Org
	}
	return s.isMember(apikey.Record{Realm: rec.Realm, User: rec.User, Org: orgs[0]})
}
