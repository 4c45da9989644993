package authapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// admission is what was found out about a presented key.
type admission struct {
	rec      apikey.Record
	matched  bool // the secret is right; only then may a caller hear why
	decision apikey.Decision
}

// admit decides about a key. An error means that it cannot be decided: 503, never 401.
func (s *Server) admit(ctx context.Context, p apikey.Presented) (admission, error) {
	rec, known, err := s.find(ctx, p)
	if err != nil {
		return admission{}, err
	}
	if !known {
		rec = apikey.Record{} // Matches compares against a dummy: one latency for all
	}
	if !s.Peppers.Matches(rec, p) {
		return admission{decision: apikey.Decision{Reason: apikey.ReasonUnknown}}, nil
	}
	a := admission{rec: rec, matched: true, decision: s.judgeKey(rec)}
	if a.decision.Active {
		s.noteUse(rec, p)
	}
	return a, nil
}

func (s *Server) find(ctx context.Context, p apikey.Presented) (apikey.Record, bool, error) {
	if !p.Legacy() {
		return s.Known.KeyByID(ctx, p.ID)
	}
	for _, pepper := range s.Peppers {
		if rec, ok := s.Known.KeyByDigest(apikey.Digest(pepper, p)); ok {
			return rec, true, nil
		}
	}
	return apikey.Record{}, false, nil
}

// judgeKey decides about a key whose secret has matched.
func (s *Server) judgeKey(rec apikey.Record) apikey.Decision {
	d := s.decisionOn(rec)
	s.Metrics.decided("key", d.Active, d.Reason)
	return d
}

// decisionOn is what a key's holder would be told.
func (s *Server) decisionOn(rec apikey.Record) apikey.Decision {
	cutoff, cause, cut := s.Known.KeyCut(rec.Realm, rec.User, rec.ID)
	now := s.now()
	rec.NotMember = !s.isMember(rec)
	d := apikey.Admit(rec, s.Known.Owner(rec.Realm, rec.User), cut, tokenstate.Seconds(now.Unix()), s.policy(now))
	if d.Reason == apikey.ReasonRevoked && cut && d.Cause == "" {
		d.Since, d.Cause = cutoff.At, cause
	}
	return d
}

// keyHolder asks for a key that is admitted, or says why not.
func (s *Server) keyHolder(r *http.Request) (apikey.Record, *Problem) {
	p, bad := presentedKey(r.Header)
	if bad != nil {
		return apikey.Record{}, s.failed(r, bad)
	}
	if bad := s.limitLookUp(r, p.ID); bad != nil {
		return apikey.Record{}, bad
	}
	a, err := s.admit(r.Context(), p)
	switch {
	case err != nil:
		s.log(r.Context()).Warn().Err(err).Msg("API key not decided")
		return apikey.Record{}, unavailable("undecidable", "whether the key is valid cannot be decided now: try again, do not drop the key")
	case !a.matched:
		return apikey.Record{}, s.failed(r, unknownKey())
	case !s.Realms.serve(a.rec.Realm): // also of a dead one no more is told
		return apikey.Record{}, s.failed(r, wrongRealm())
	case a.decision.Reason == apikey.ReasonUndecidable:
		return apikey.Record{}, unavailable("undecidable", "too little is known of the key's owner now: try again, do not drop the key")
	case !a.decision.Active:
		return apikey.Record{}, refusedKey(a.decision)
	}
	if org := r.Header.Values(headerOrg); len(org) > 0 && (len(org) > 1 || org[0] != a.rec.Org) {
		return apikey.Record{}, problem(http.StatusForbidden, "wrong-organization", "", "the key belongs to another organization than "+headerOrg+" says")
	}
	return a.rec, s.limitKey(a.rec.ID)
}

func refusedKey(d apikey.Decision) *Problem {
	p := unauthorized(d.Reason, keyAdvice[d.Reason], true)
	p.Since, p.EventID = instant(d.Since), d.Cause
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

// shownName is a key's name as callers know it.
func shownName(rec apikey.Record) string { return strings.TrimPrefix(rec.Name, apikey.SystemPrefix) }
