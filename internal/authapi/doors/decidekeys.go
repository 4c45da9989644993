package doors

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// keyAsked is a key that is asked about; the record of what is none, or not the caller's, is zero.
type keyAsked struct {
	p   apikey.Presented
	rec apikey.Record
}

// keysAsked finds all keys at once: of a thousand that memory lacks, the database is asked once.
func (s *Service) keysAsked(ctx context.Context, items []question) ([]keyAsked, *problem.Problem) {
	keys := make([]keyAsked, len(items))
	var ps []apikey.Presented
	var at []int
	for i, q := range items {
		if bad := q.fault(web.ServiceOf(ctx)); bad != nil {
			return nil, bad
		}
		if p, err := apikey.Parse(q.APIKey); err == nil {
			ps, at = append(ps, p), append(at, i)
		}
	}
	recs, err := s.keysFor(ctx, ps...)
	if err != nil {
		return nil, s.undecidedKeys()
	}
	for i, rec := range recs {
		keys[at[i]] = keyAsked{ps[i], rec}
	}
	return keys, nil
}

func (s *Service) undecidedKeys() *problem.Problem {
	s.Gate.Metrics.Decided("key", false, apikey.ReasonUndecidable)
	return problem.Unavailable("undecidable", "one of the keys cannot be decided now: try again, drop none")
}

// keysFor are what decide and introspect find out about keys: the zero record is no key of the
// caller's realm and organizations, and nothing is told of it.
func (s *Service) keysFor(ctx context.Context, ps ...apikey.Presented) ([]apikey.Record, error) {
	recs, err := s.Gate.Match(ctx, ps...)
	caller := web.ServiceOf(ctx)
	for i, rec := range recs {
		if rec.Realm != caller.Realm || gate.CheckOrganization(caller, rec.Org) != nil {
			recs[i] = apikey.Record{}
		}
	}
	return recs, err
}

func (s *Service) answerKey(k keyAsked, observe bool) (answer, *problem.Problem) {
	if k.rec.ID == "" { // also of another realm: its credential alone is told
		no := false
		s.Gate.Metrics.Decided("key", no, apikey.ReasonUnknown)
		return answer{Active: &no, VerdictBody: web.VerdictBody{State: tokenstate.Unknown.String(), Reason: web.Text(apikey.ReasonUnknown)}}, nil
	}
	d := s.Gate.Decide(k.rec)
	if d.Reason == apikey.ReasonUndecidable {
		return answer{}, s.undecidedKeys()
	}
	s.Gate.Metrics.Decided("key", d.Active, d.Reason)
	if d.Active && !observe {
		s.Gate.NoteUse(k.rec, k.p)
	}
	return s.keyAnswer(k.rec, d), nil
}

// keyAnswer: the members of a verdict are the key's own; its owner's token is beside them.
func (s *Service) keyAnswer(rec apikey.Record, d apikey.Decision) answer {
	owner := s.Gate.Known.Owner(rec.Realm, rec.User)
	_, v, _ := s.Gate.Known.Best(rec.Realm, rec.User, "", nil)
	token := web.BodyOf(v)
	return answer{
		VerdictBody: web.BodyOf(tokenstate.Verdict{
			State: keyState(d), Reason: d.Reason, Since: d.Since, Cause: d.Cause,
			CheckedAt: owner.CheckedAt, InDoubt: owner.InDoubt,
		}),
		Active: &d.Active, UserID: rec.User, OrgID: web.Text(rec.Org),
		Key: &keyBody{rec.ID, gate.ShownName(rec), string(rec.Kind)}, Token: &token,
	}
}

func keyState(d apikey.Decision) tokenstate.State {
	switch {
	case d.Active:
		return tokenstate.Usable
	case d.Reason == apikey.ReasonUserDisabled || d.Reason == apikey.ReasonRealmDisabled ||
		d.Reason == apikey.ReasonNotYetValid || d.Reason == apikey.ReasonNotAMember:
		return tokenstate.Suspended
	default:
		return tokenstate.Revoked
	}
}
