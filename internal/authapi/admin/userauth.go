package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

type userAuthInput struct {
	UserID string `path:"user_id" minLength:"1" maxLength:"255"`
}

type userAuthAnswer struct {
	Body struct {
		UserID   string          `json:"user_id"`
		Standing standingBody    `json:"standing"`
		Token    web.VerdictBody `json:"token" doc:"the user's best offline token, sealed or tracked"`
		Can      proceed         `json:"can" doc:"what can proceed for the user now"`
		Reason   *string         `json:"reason" doc:"why not all of it can; null if it can"`
		Message  *string         `json:"message" doc:"text to show the user, Markdown; an @mention may stand before it"`
		LoginURL *string         `json:"login_url" doc:"where the user logs in again, if that helps"`
	}
}

type standingBody struct {
	Active    bool       `json:"active" doc:"neither Keycloak nor the backend has disabled or deleted the user or the realm"`
	Reason    *string    `json:"reason"`
	Since     *time.Time `json:"since"`
	EventID   *string    `json:"event_id"`
	CheckedAt *time.Time `json:"checked_at"`
	InDoubt   bool       `json:"in_doubt"`
	Known     bool       `json:"known" doc:"false: the user was never looked at"`
}

type proceed struct {
	APIKeys bool `json:"api_keys" doc:"what needs an API key only, as a logout leaves it"`
	Refresh bool `json:"refresh" doc:"what needs a fresh access token: a refresh is worth trying"`
}

// ReasonNoToken is why nothing can be refreshed for a user of whom no offline token is known.
const ReasonNoToken = "no_offline_token"

// integrations are what runs in a user's name without the user: comments, tickets, chats.
func (s *Service) integrations(api huma.API) {
	op := web.Operation(http.MethodGet, "/v1/users/{user_id}/auth", "What can proceed for a user, and what to tell them", web.SmallBody)
	op.Middlewares = s.Door.ForWholeUser(gate.ScopeDecide)
	huma.Register(api, op, func(ctx context.Context, in *userAuthInput) (*userAuthAnswer, error) {
		return s.userAuth(ctx, web.ServiceOf(ctx).Realm, in.UserID)
	})
	s.linkedUser(api)
}

func (s *Service) userAuth(ctx context.Context, realm, user string) (*userAuthAnswer, error) {
	owner, bad := s.ownerOrLook(ctx, realm, user)
	if bad != nil {
		return nil, bad
	}
	_, verdict, kept := s.Gate.Known.Best(realm, user, "", nil)
	a := &userAuthAnswer{}
	b := &a.Body
	b.UserID, b.Token = user, web.BodyOf(verdict)
	b.Standing = standingBody{
		owner.Active, web.Text(owner.Reason), owner.Since.Instant(), web.Text(owner.Cause),
		owner.CheckedAt.Instant(), owner.InDoubt, owner.Known,
	}
	b.Can = proceed{APIKeys: owner.Active, Refresh: owner.Active && kept && s.Gate.WorthTrying(verdict)}
	switch {
	case !owner.Active:
		b.Reason = web.Text(owner.Reason)
	case !kept:
		b.Reason = web.Text(ReasonNoToken)
	case !b.Can.Refresh:
		b.Reason = web.Text(verdict.Reason)
	default:
		return a, nil
	}
	message, login := s.tell(realm, *b.Reason)
	b.Message = &message
	if login {
		b.LoginURL = web.Text(s.Gate.Realms[realm].LoginURL)
	}
	return a, nil
}

// ownerOrLook is what is known of a user; one of whom nothing is known is looked at once, for
// this answer only. Under strict nothing is said of a user who is not known freshly enough.
func (s *Service) ownerOrLook(ctx context.Context, realm, user string) (tokenstate.Ownership, *problem.Problem) {
	owner := s.Gate.Known.Owner(realm, user)
	if !owner.Known && owner.Active {
		look, err := s.Gate.Look(ctx, realm, user)
		if shed, ok := errors.AsType[*problem.Problem](err); ok {
			return owner, shed
		}
		switch {
		case err != nil:
			s.Gate.Log(ctx).Warn().Err(err).Msg("a user who was never looked at is not known: Keycloak does not answer")
		case look.Gone:
			return owner, gate.RefusedOwner(tokenstate.ReasonUserDeleted)
		default:
			owner.Active = look.Enabled
			owner.CheckedAt = tokenstate.Millis(s.Gate.DatabaseTime().UnixMilli())
			owner.Known = true
			if !look.Enabled {
				owner.Reason = tokenstate.ReasonUserDisabled
			}
		}
	}
	now := s.Gate.DatabaseTime()
	key := apikey.Record{ID: "any", Realm: realm, User: user, Created: owner.KeysBefore} // as one that is made now
	if d := apikey.Admit(key, owner, false, tokenstate.Seconds(now.Unix()), s.Gate.Policy()); d.Reason == apikey.ReasonUndecidable {
		return owner, problem.Unavailable("undecidable", "too little is known of the user now: try again")
	}
	return owner, nil
}
