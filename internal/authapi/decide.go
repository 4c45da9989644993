package authapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

type decideInput struct {
	Body struct {
		Items []question `json:"items" minItems:"1" maxItems:"1000"`
	}
}

type question struct {
	APIKey    string  `json:"api_key,omitempty" maxLength:"256"`
	UserID    string  `json:"user_id,omitempty" maxLength:"255"`
	ClientID  string  `json:"client_id,omitempty" maxLength:"255"`
	SessionID string  `json:"session_id,omitempty" maxLength:"255"`
	IssuedAt  float64 `json:"issued_at,omitempty" minimum:"0" maximum:"253402300799" multipleOf:"1"`
}

type decideAnswer struct {
	Body struct {
		Items []answer `json:"items"`
	}
}

// answer is a token's verdict, or for a key whether it is active and whose it is.
type answer struct {
	VerdictBody
	Active *bool        `json:"active,omitempty" doc:"of a key"`
	UserID string       `json:"user_id,omitempty" doc:"the key's owner, once the secret matched"`
	OrgID  *string      `json:"org_id,omitempty"`
	Key    *keyBody     `json:"key,omitempty"`
	Token  *verdictBody `json:"token,omitempty" doc:"the best offline token of the key's owner"`
}

func (s *Server) decide(api huma.API) {
	op := operation(http.MethodPost, "/v1/decide", "One verdict for each key or token asked about", maxDecideBody)
	op.Middlewares = s.forService(ScopeDecide)
	huma.Register(api, op, func(ctx context.Context, in *decideInput) (*decideAnswer, error) {
		a := &decideAnswer{}
		realm := serviceOf(ctx).Realm
		for _, q := range in.Body.Items {
			one, bad := s.answerTo(ctx, realm, q)
			if bad != nil {
				return nil, bad
			}
			a.Body.Items = append(a.Body.Items, one)
		}
		return a, nil
	})
}

func (s *Server) answerTo(ctx context.Context, realm string, q question) (answer, *Problem) {
	switch {
	case q.APIKey != "" && q == question{APIKey: q.APIKey}:
		return s.answerKey(ctx, realm, q.APIKey)
	case q.APIKey != "" || q.UserID == "":
		return answer{}, unprocessable("invalid-request", "an item has api_key alone, or user_id and perhaps client_id, session_id, issued_at")
	case q.SessionID == "" && q.IssuedAt != 0, q.SessionID != "" && q.ClientID == "":
		return answer{}, unprocessable("invalid-request", "issued_at needs session_id, and session_id needs client_id")
	}
	return answer{VerdictBody: bodyOf(s.verdictOf(realm, q))}, nil
}

// verdictOf judges the generation that was asked about: without rotation every earlier one of
// a session stays valid, and a not-before may cut some of them only.
func (s *Server) verdictOf(realm string, q question) tokenstate.Verdict {
	if q.SessionID == "" {
		_, v, _ := s.Known.Best(realm, q.UserID, q.ClientID, nil)
		return v
	}
	stored, ok := s.Known.Token(realm, q.SessionID, q.ClientID)
	if !ok || stored.Token.User != q.UserID {
		return tokenstate.Verdict{}
	}
	t := stored.Token
	if q.IssuedAt != 0 {
		t.IssuedAt = tokenstate.Seconds(q.IssuedAt)
	}
	v := s.Known.Judge(t)
	s.Metrics.decided("token", v.State == tokenstate.Usable, v.Reason)
	return v
}

func (s *Server) answerKey(ctx context.Context, realm, raw string) (answer, *Problem) {
	no := false
	unknown := answer{Active: &no, VerdictBody: verdictBody{State: tokenstate.Unknown.String(), Reason: text(apikey.ReasonUnknown)}}
	p, err := apikey.Parse(raw)
	if err != nil {
		return unknown, nil //nolint:nilerr // whatever cannot be a key is unknown
	}
	a, err := s.admit(ctx, p)
	switch {
	case err != nil || a.decision.Reason == apikey.ReasonUndecidable:
		return answer{}, unavailable("undecidable", "one of the keys cannot be decided now: try again, drop none")
	case !a.matched || a.rec.Realm != realm: // another realm's credential is not told of it
		return unknown, nil
	}
	return s.keyAnswer(a), nil
}

// keyAnswer: the members of a verdict are the key's own; its owner's token is beside them.
func (s *Server) keyAnswer(a admission) answer {
	owner := s.Known.Owner(a.rec.Realm, a.rec.User)
	_, v, _ := s.Known.Best(a.rec.Realm, a.rec.User, "", nil)
	token := bodyOf(v)
	return answer{
		VerdictBody: bodyOf(tokenstate.Verdict{
			State: keyState(a.decision), Reason: a.decision.Reason, Since: a.decision.Since, Cause: a.decision.Cause,
			CheckedAt: owner.CheckedAt, InDoubt: owner.InDoubt,
		}),
		Active: &a.decision.Active, UserID: a.rec.User, OrgID: text(a.rec.Org),
		Key: &keyBody{a.rec.ID, shownName(a.rec), string(a.rec.Kind)}, Token: &token,
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
