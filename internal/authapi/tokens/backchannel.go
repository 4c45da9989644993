package tokens

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/orders"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// LogoutTokens verifies what Keycloak sends over the back channel. An error other than a
// *BadLogoutTokenError means that it could not be judged now.
type LogoutTokens interface {
	Verify(context.Context, secret.Text) (LogoutToken, error)
}

// LogoutToken is a verified one, of the realm that issued it. User or Session may be "", not both.
type LogoutToken struct {
	Realm, ID, User, Session string
	Audience                 []string // client_ids
}

// BadLogoutTokenError says why a token is refused, without repeating a part of it.
type BadLogoutTokenError struct {
	Reason string // for the sender
	Cause  error  // for the log
}

func (b *BadLogoutTokenError) Error() string { return b.Reason }

// Logouts takes the order that a logout token leads to, once for each id of a token.
type Logouts interface {
	OrderByLogout(ctx context.Context, tokenID string, m events.Message) (version int64, err error)
}

// ErrReplayed says that a token of this id was taken before.
var ErrReplayed = errors.New("the logout token was sent before")

const byBackChannel = "backchannel-logout"

type backChannelInput struct {
	ContentType string `header:"Content-Type"`
	RawBody     []byte `contentType:"application/x-www-form-urlencoded"`
}

type backChannelAnswer struct {
	Body struct {
		EventID string `json:"event_id" doc:"of the order to look at the user again"`
	}
}

func (s *Service) backChannelLogout(api huma.API) {
	op := web.Operation(http.MethodPost, web.BackChannelPath, "Take a logout token of OpenID Connect Back-Channel Logout 1.0", web.TokenBody)
	op.Middlewares = huma.Middlewares{withSender}
	huma.Register(api, op, s.answerSender)
}

// takeLogoutToken raises a doubt and teaches no fact: Keycloak sends the same token whether the
// offline session died or not, so a look has to tell. 200 is said only once the doubt is durable.
func (s *Service) takeLogoutToken(ctx context.Context, in *backChannelInput) (*backChannelAnswer, *problem.Problem) {
	raw, ok := logoutToken(in)
	if !ok {
		return nil, badLogout("send one logout_token in a form of type application/x-www-form-urlencoded")
	}
	t, err := s.LogoutTokens.Verify(ctx, raw)
	if bad, is := errors.AsType[*BadLogoutTokenError](err); is {
		s.Gate.Log(ctx).Warn().Str("reason", bad.Reason).AnErr("cause", bad.Cause).Msg("a logout token is refused")
		return nil, badLogout(bad.Reason)
	}
	if err != nil {
		s.Gate.Log(ctx).Error().Err(err).Msg("a logout token cannot be judged")
		return nil, problem.Unavailable("undecidable", "the logout token cannot be verified now: send it again")
	}
	user, concerns := s.concernedBy(t)
	if !concerns {
		return nil, badLogout("the logout token is for a client whose tokens are not kept here")
	}
	now, err := s.Orders.Now(ctx)
	if err != nil {
		return nil, s.Gate.StoreFault(ctx, err)
	}
	m := orders.New(t.Realm, now, &events.Order{Order: events.OrderLook, By: byBackChannel, User: user, Session: t.Session})
	_, err = s.Logouts.OrderByLogout(ctx, t.ID, m)
	switch {
	case errors.Is(err, ErrReplayed):
		return nil, badLogout("the logout token was sent before")
	case err != nil:
		return nil, s.Gate.StoreFault(ctx, err)
	}
	s.Gate.Log(ctx).Info().Str("id", m.ID).Msg("a logout token is taken")
	a := &backChannelAnswer{}
	a.Body.EventID = m.ID
	return a, nil
}

// logoutToken reads the form. Other members are ignored, as the specification says.
func logoutToken(in *backChannelInput) (secret.Text, bool) {
	kind, _, err := mime.ParseMediaType(in.ContentType)
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return secret.Text{}, false
	}
	form, err := url.ParseQuery(string(in.RawBody))
	if err != nil || len(form["logout_token"]) != 1 || form.Get("logout_token") == "" {
		return secret.Text{}, false
	}
	return secret.New(form.Get("logout_token")), true
}

// concernedBy says whom to look at again, and false if the logout token is of no concern here: it is
// for our own client, or for another one of the realm of which we keep a token. Keycloak sends each
// client its own and does not repeat a refused one, and backends track tokens of other clients.
//
// The user is the one of the token that is kept, for a subject may be another one for each client;
// else the logout token's. With neither the order names the session alone, of which a token may yet
// come.
func (s *Service) concernedBy(t LogoutToken) (user string, concerns bool) {
	for _, client := range t.Audience {
		if kept, ok := s.Gate.Known.Token(t.Realm, t.Session, client); ok {
			return kept.Token.User, true
		}
		concerns = concerns || client == s.Gate.Realms[t.Realm].ClientID ||
			t.User != "" && len(s.Gate.Known.TokensOf(t.Realm, t.User, client)) > 0
	}
	return t.User, concerns
}

// badLogout is in OAuth's words for who reads error, and in ours.
func badLogout(detail string) *problem.Problem {
	p := problem.New(http.StatusBadRequest, "invalid-logout-token", "", detail)
	p.Err = "invalid_request"
	return p
}
