package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/refusals"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

type refusalsInput struct {
	RequestID string `query:"request_id" maxLength:"64" doc:"X-Request-Id of an answer, or of a gateway's request"`
	KeyID     string `query:"key_id" maxLength:"255"`
	UserID    string `query:"user_id" maxLength:"255"`
	Limit     int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type refusalsAnswer struct {
	Body struct {
		Items []refusalBody `json:"items" doc:"newest first"`
		Since *time.Time    `json:"complete_since" doc:"older ones are forgotten; null: none was forgotten since this replica started"`
	}
}

type refusalBody struct {
	At        time.Time `json:"at"`
	RequestID *string   `json:"request_id" doc:"null: a gateway sent none"`
	Door      string    `json:"door" enum:"http,authorize,extauthz"`
	Status    int       `json:"status"`
	Reason    string    `json:"reason"`
	EventID   *string   `json:"event_id" doc:"what decided it, where that is one event or order"`
	KeyID     *string   `json:"key_id" doc:"null, as the next three: the secret did not match"`
	UserID    *string   `json:"user_id"`
	OrgID     *string   `json:"org_id"`
	Realm     *string   `json:"realm"`
}

// refusals are for support: a customer has a request id, a gateway's log a key's id. Each replica knows its own.
func (s *Service) refusals(api huma.API) {
	op := web.Operation(http.MethodGet, "/v1/refusals", "The last refused calls that this replica answered, by request, key or user", web.SmallBody)
	op.Middlewares = s.Door.ForWholeUser(gate.ScopeExplain)
	huma.Register(api, op, s.listRefusals)
}

func (s *Service) listRefusals(ctx context.Context, in *refusalsInput) (*refusalsAnswer, error) {
	if in.RequestID == "" && in.KeyID == "" && in.UserID == "" {
		return nil, problem.Unprocessable("invalid-request", "name a request_id, a key_id or a user_id")
	}
	realm := web.ServiceOf(ctx).Realm
	found, since := s.Gate.Refusals.Find(in.Limit, func(x refusals.Refusal) bool {
		return (x.Realm == realm || x.Realm == "") && // without a realm nothing is told but that it was refused
			fits(in.RequestID, x.Request) && fits(in.KeyID, x.Key) && fits(in.UserID, x.User)
	})
	a := &refusalsAnswer{}
	a.Body.Items = []refusalBody{}
	for _, x := range found {
		a.Body.Items = append(a.Body.Items, refusalBody{
			x.At.UTC(), web.Text(x.Request), string(x.Door), x.Status, x.Reason, web.Text(x.EventID),
			web.Text(x.Key), web.Text(x.User), web.Text(x.Org), web.Text(x.Realm),
		})
	}
	if !since.IsZero() {
		since = since.UTC()
		a.Body.Since = &since
	}
	return a, nil
}

func fits(asked, is string) bool { return asked == "" || asked == is }
