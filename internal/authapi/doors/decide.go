package doors

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

type decideInput struct {
	Body struct {
		Items   []question `json:"items" minItems:"1" maxItems:"1000"`
		Observe bool       `json:"observe,omitempty" doc:"only compare: that the keys were used is not noted"`
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
	web.VerdictBody
	Active *bool            `json:"active,omitempty" doc:"of a key"`
	UserID string           `json:"user_id,omitempty" doc:"the key's owner, once the secret matched"`
	OrgID  *string          `json:"org_id,omitempty"`
	Key    *keyBody         `json:"key,omitempty"`
	Token  *web.VerdictBody `json:"token,omitempty" doc:"the best offline token of the key's owner"`
}

func (s *Service) decide(api huma.API) {
	op := web.Operation(http.MethodPost, "/v1/decide", "One verdict for each key or token asked about", web.DecideBody)
	op.Middlewares = s.Door.ForService(gate.ScopeDecide)
	huma.Register(api, op, func(ctx context.Context, in *decideInput) (*decideAnswer, error) {
		known, bad := s.keysAsked(ctx, in.Body.Items)
		if bad != nil {
			return nil, bad
		}
		a := &decideAnswer{}
		for i, q := range in.Body.Items {
			if q.APIKey == "" {
				a.Body.Items = append(a.Body.Items, answer{VerdictBody: web.BodyOf(s.verdictOf(web.ServiceOf(ctx).Realm, q))})
				continue
			}
			one, bad := s.answerKey(known[i], in.Body.Observe)
			if bad != nil {
				return nil, bad
			}
			a.Body.Items = append(a.Body.Items, one)
		}
		return a, nil
	})
}

// generation is t as it was issued at another second; 0: as it is stored. Each refresh sets the exp anew, so that of
// another generation is not known.
func generation(t tokenstate.Token, issuedAt tokenstate.Seconds) tokenstate.Token {
	if issuedAt != 0 && issuedAt != t.IssuedAt {
		t.IssuedAt, t.Expires = issuedAt, 0
	}
	return t
}

// fault says what is wrong with a question.
func (q question) fault(caller projection.ServiceKey) *problem.Problem {
	switch {
	case q.APIKey != "" && q == question{APIKey: q.APIKey}:
		return nil
	case q.APIKey != "" || q.UserID == "":
		return problem.Unprocessable("invalid-request", "an item has api_key alone, or user_id and perhaps client_id, session_id, issued_at")
	case q.SessionID == "" && q.IssuedAt != 0, q.SessionID != "" && q.ClientID == "":
		return problem.Unprocessable("invalid-request", "issued_at needs session_id, and session_id needs client_id")
	}
	return gate.CheckUnlimited(caller)
}

// verdictOf judges the generation that was asked about: without rotation every earlier one of
// a session stays valid, and a not-before may cut some of them only.
func (s *Service) verdictOf(realm string, q question) tokenstate.Verdict {
	if q.SessionID == "" {
		_, v, _ := s.Gate.Known.Best(realm, q.UserID, q.ClientID, nil)
		s.Gate.Metrics.Judged("user", v)
		return v
	}
	v := tokenstate.Verdict{}
	if stored, ok := s.Gate.Known.Token(realm, q.SessionID, q.ClientID); ok && stored.Token.User == q.UserID {
		v = s.Gate.Known.JudgeGeneration(generation(stored.Token, tokenstate.Seconds(q.IssuedAt)), stored.Token.IssuedAt)
	}
	s.Gate.Metrics.Judged("token", v)
	return v
}
