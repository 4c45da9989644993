package doors

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

type introspectInput struct {
	ContentType string `header:"Content-Type"`
	RawBody     []byte `contentType:"application/x-www-form-urlencoded"`
}

// introspection is RFC 7662's answer. An inactive key has active alone: why it is not is for its
// holder, and for /v1/decide.
type introspection struct {
	Active    bool               `json:"active"`
	Scope     *string            `json:"scope,omitempty"`
	TokenType string             `json:"token_type,omitempty" doc:"api_key"`
	Subject   string             `json:"sub,omitempty" doc:"the user's id"`
	Issued    tokenstate.Seconds `json:"iat,omitempty"`
	Expires   tokenstate.Seconds `json:"exp,omitempty"`
	NotBefore tokenstate.Seconds `json:"nbf,omitempty"`
	ID        string             `json:"jti,omitempty" doc:"the key's id"`
	OrgID     string             `json:"org_id,omitempty"`
	KeyName   string             `json:"key_name,omitempty"`
	KeyKind   string             `json:"key_kind,omitempty"`
}

type introspectAnswer struct{ Body introspection }

func (s *Service) introspection(api huma.API) {
	op := web.Operation(http.MethodPost, web.IntrospectPath, "Token introspection (RFC 7662) for API keys; token_type_hint is not looked at", web.SmallBody)
	op.Middlewares = s.Door.ForService(gate.ScopeIntrospect)
	huma.Register(api, op, s.introspect)
}

// introspect: whatever is no live key of the caller's realm is inactive with 200, so that the
// status tells nothing. What cannot be decided is 503.
func (s *Service) introspect(ctx context.Context, in *introspectInput) (*introspectAnswer, error) {
	raw, bad := tokenOfForm(in)
	if bad != nil {
		return nil, bad
	}
	known, bad := s.keysAsked(ctx, []question{{APIKey: raw}})
	if bad != nil {
		return nil, bad
	}
	a, bad := s.answerKey(known[0], false)
	if bad != nil {
		return nil, bad
	}
	if !*a.Active {
		return &introspectAnswer{}, nil
	}
	return &introspectAnswer{introspected(known[0].rec)}, nil
}

func introspected(rec apikey.Record) introspection {
	scope := string(rec.Scopes)
	return introspection{
		Active: true, Scope: &scope, TokenType: "api_key", Subject: rec.User, Issued: rec.Created, Expires: rec.Expires,
		NotBefore: rec.NotBefore, ID: rec.ID, OrgID: rec.Org, KeyName: gate.ShownName(rec), KeyKind: string(rec.Kind),
	}
}

// tokenOfForm reads exactly one token: of two, a proxy and we might mean different ones.
func tokenOfForm(in *introspectInput) (string, *problem.Problem) {
	if kind, _, err := mime.ParseMediaType(in.ContentType); err != nil || kind != web.FormType {
		return "", problem.New(http.StatusUnsupportedMediaType, "unsupported-media-type", "", "send a form: Content-Type "+web.FormType)
	}
	form, err := url.ParseQuery(string(in.RawBody))
	if err != nil || len(form["token"]) != 1 || form.Get("token") == "" || !utf8.ValidString(form.Get("token")) {
		return "", problem.New(http.StatusBadRequest, "invalid-request", "", "the form has one member token")
	}
	return form.Get("token"), nil
}
