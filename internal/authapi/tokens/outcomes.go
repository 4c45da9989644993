package tokens

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/redact"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// maxDescription bounds what is kept of Keycloak's free text.
const maxDescription = 200

type outcomeInput struct {
	gate.Waiting
	Body struct {
		UserID           string    `json:"user_id" minLength:"1" maxLength:"255"`
		ClientID         string    `json:"client_id" minLength:"1" maxLength:"255"`
		SessionID        string    `json:"session_id" minLength:"1" maxLength:"255"`
		IssuedAt         float64   `json:"issued_at" minimum:"1" maximum:"253402300799" multipleOf:"1" doc:"iat of the token that was sent, in seconds"`
		Status           web.Count `json:"status" minimum:"100" maximum:"599" doc:"HTTP status of the token endpoint's answer; 200: it was refreshed"`
		Error            string    `json:"error,omitempty" maxLength:"255" doc:"as Keycloak said it"`
		ErrorDescription string    `json:"error_description,omitempty" maxLength:"2000" doc:"as Keycloak said it"`
	}
}

type outcomeAnswer struct {
	Body struct {
		Recorded bool   `json:"recorded" doc:"false: the answer says nothing about the token"`
		Reason   string `json:"reason" doc:"what the answer means"`
		State    string `json:"state" enum:"usable,suspended,revoked"`
		Applied  bool   `json:"applied" doc:"this replica's verdicts know it by now"`
		Version  int64  `json:"version"`
	}
}

func (s *Service) refreshOutcomes(api huma.API) {
	op := web.Operation(http.MethodPost, "/v1/refresh-outcomes", "Report what Keycloak answered to your own refresh", web.SmallBody)
	op.Middlewares, op.DefaultStatus = s.Door.ForWholeUser(gate.ScopeTokensWrite), http.StatusAccepted
	huma.Register(api, op, s.reportOutcome)
}

// reportOutcome learns from a backend that refreshes by itself. By the same table as for our own
// refreshes: an answer about us, the client or the server is not evidence against the token.
func (s *Service) reportOutcome(ctx context.Context, in *outcomeInput) (*outcomeAnswer, error) {
	b, realm := in.Body, web.ServiceOf(ctx).Realm
	if redact.Secret(b.UserID, b.ClientID, b.SessionID) {
		return nil, problem.SecretForID()
	}
	t := tokenstate.Token{Realm: realm, User: b.UserID, ClientID: b.ClientID, Session: b.SessionID, IssuedAt: tokenstate.Seconds(b.IssuedAt)}
	if stored, ok := s.Gate.Known.Token(t.Realm, t.Session, t.ClientID); ok {
		t.Client = stored.Token.Client
	}
	a := &outcomeAnswer{}
	o, err := s.learnt(ctx, t, in, a)
	if err != nil {
		return nil, s.Gate.StoreFault(ctx, err)
	}
	a.Body.Applied, a.Body.Version = true, s.Gate.Known.Version()
	if o != nil {
		_, version, err := s.submitOutcome(ctx, t, "service:"+web.ServiceOf(ctx).Name, o)
		if events.IsReject(err) {
			return nil, problem.Unprocessable("invalid-request", "an id is too long or not printable")
		}
		if err != nil {
			return nil, s.Gate.StoreFault(ctx, err)
		}
		a.Body.Version = version
		a.Body.Applied, _ = s.Gate.Enforced(ctx, in.Waiting, version) // 202, applied or not
	}
	a.Body.State = s.Gate.Known.Judge(t).State.String()
	return a, nil
}

// learnt says what the outcome means, and gives the order that tells it; nil if there is nothing to tell.
func (s *Service) learnt(ctx context.Context, t tokenstate.Token, in *outcomeInput, a *outcomeAnswer) (*events.Order, error) {
	b := in.Body
	if b.Status == http.StatusOK {
		a.Body.Recorded, a.Body.Reason = true, "refreshed"
		return s.success(ctx, t)
	}
	r := s.Gate.Realms[t.Realm].Keycloak.Classify(int(b.Status), b.Error, b.ErrorDescription)
	if a.Body.Recorded, a.Body.Reason = r.Records, r.Reason; !r.Records {
		return nil, nil // nothing to tell
	}
	s.forget(t)
	return &events.Order{Refused: true, Error: b.Error, ErrorDescription: shorten(b.ErrorDescription)}, nil
}

// success is the order that lifts a refusal of t; nil if none stands. The database is asked: this replica may not
// have heard yet of a refusal that another one was told of, and its verdict names one reason of several.
func (s *Service) success(ctx context.Context, t tokenstate.Token) (*events.Order, error) {
	stands, err := s.Orders.Refused(ctx, t)
	if err != nil || !stands {
		return nil, err
	}
	return &events.Order{}, nil
}

// shorten cuts on a character's boundary, without controls.
func shorten(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	for len(text) > maxDescription {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}
