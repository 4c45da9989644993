package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/orders"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

type standingInput struct {
	gate.Waiting
	UserID string `path:"user_id" minLength:"1" maxLength:"255"`
	Body   struct {
		Enabled                  bool       `json:"enabled" doc:"your own word: Keycloak's enable does not undo it, nor this one Keycloak's disable"`
		CredentialsRevokedBefore *time.Time `json:"credentials_revoked_before,omitempty" doc:"keys and tokens made before this second stay dead, also after an enable"`
		Reason                   string     `json:"reason" minLength:"1" maxLength:"255"`
	}
}

type revokeInput struct {
	gate.Waiting
	UserID string `path:"user_id" minLength:"1" maxLength:"255"`
	Body   struct {
		Tokens bool       `json:"tokens,omitempty" doc:"the offline tokens"`
		Keys   bool       `json:"keys,omitempty" doc:"the API keys; a system key that is minted again is another one"`
		Before *time.Time `json:"before,omitempty" doc:"what was made before this second; now, if it is missing"`
		Reason string     `json:"reason" minLength:"1" maxLength:"255"`
	}
}

type orderAnswer struct {
	Status int
	Body   struct {
		EventID string `json:"event_id" doc:"the order's id: what verdicts name, and a pardon takes back"`
		Applied bool   `json:"applied"`
		Version int64  `json:"version"`
		// Reached is 0 throughout for a user id that nobody has: a mistyped one is seen by that.
		Reached orders.Reached `json:"reached" doc:"what the order found; all 0: nobody of that id is known, and it holds for whoever comes under it"`
	}
}

func (s *Service) standing(api huma.API) {
	standing := web.Operation(http.MethodPost, "/v1/users/{user_id}/standing", "Disable or enable a user by the backend's own word",
		web.SmallBody)
	standing.Middlewares = s.Door.ForWholeUser(gate.ScopeStanding)
	huma.Register(api, standing, s.setStanding)
	revoke := web.Operation(http.MethodPost, "/v1/users/{user_id}/revoke", "Revoke a user's tokens or keys for good", web.SmallBody)
	revoke.Middlewares = s.Door.ForWholeUser(gate.ScopeStanding)
	huma.Register(api, revoke, s.revokeUser)
}

func (s *Service) setStanding(ctx context.Context, in *standingInput) (*orderAnswer, error) {
	o := &events.Order{Order: events.OrderStanding, User: in.UserID, Enabled: in.Body.Enabled, Reason: in.Body.Reason}
	if t := in.Body.CredentialsRevokedBefore; t != nil {
		o.CredentialsRevokedBefore = tokenstate.Seconds(max(t.Unix(), 0))
	}
	return s.submit(ctx, in.Waiting, o)
}

func (s *Service) revokeUser(ctx context.Context, in *revokeInput) (*orderAnswer, error) {
	if !in.Body.Tokens && !in.Body.Keys {
		return nil, problem.Unprocessable("nothing-to-revoke", "set tokens, keys or both")
	}
	o := &events.Order{Order: events.OrderRevoke, User: in.UserID, Tokens: in.Body.Tokens, Keys: in.Body.Keys, Reason: in.Body.Reason}
	if t := in.Body.Before; t != nil { // without it the store finds out what is there
		o.Before = tokenstate.Seconds(max(t.Unix(), 1))
	}
	return s.submit(ctx, in.Waiting, o)
}

// submit gives an order about a whole user.
func (s *Service) submit(ctx context.Context, w gate.Waiting, o *events.Order) (*orderAnswer, error) {
	caller := web.ServiceOf(ctx)
	now, err := s.Orders.Now(ctx)
	if err != nil {
		return nil, s.Gate.StoreFault(ctx, err)
	}
	o.By = web.ActorOf(ctx)
	m := orders.New(caller.Realm, now, o)
	version, reached, err := s.Orders.SubmitReaching(ctx, m)
	if events.IsReject(err) {
		return nil, problem.Unprocessable("not-an-order", "a time or a text of it is out of bounds")
	}
	if err != nil {
		return nil, s.Gate.StoreFault(ctx, err)
	}
	s.Gate.Log(ctx).Info().Str("order", o.Order).Str("id", m.ID).Str("by", o.By).Msg("order given")
	a := &orderAnswer{}
	a.Body.EventID, a.Body.Version, a.Body.Reached = m.ID, version, reached
	a.Body.Applied, a.Status = s.Gate.Enforced(ctx, w, version)
	return a, nil
}
