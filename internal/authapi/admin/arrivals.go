package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

// Arrivals tells what has become of an event or message.
type Arrivals interface {
	// Arrived finds what the database holds of an id, of a realm only: Keycloak's event id, or
	// a message's own. version is one of the feed at which what was found is known.
	Arrived(ctx context.Context, realm, id string) (found []Arrival, version int64, err error)
}

// Arrival is one message.
type Arrival struct {
	MessageID  string     `json:"message_id"`
	What       string     `json:"what" doc:"in a few words"`
	At         time.Time  `json:"at" doc:"by the clock of who said it"`
	ReceivedAt *time.Time `json:"received_at" doc:"by the log; null for an order that is on its way there, and acts already"`
}

type eventInput struct {
	gate.Waiting
	EventID string `path:"event_id" minLength:"1" maxLength:"255" doc:"Keycloak's event id, or the event_id of an answer"`
}

type eventAnswer struct {
	Body struct {
		EventID  string    `json:"event_id"`
		Applied  bool      `json:"applied" doc:"what it teaches is in the answers of this replica"`
		Messages []Arrival `json:"messages" doc:"the listener's and the backfill's message of one event are two"`
		Version  int64     `json:"version"`
	}
}

// events says whether an event was applied. One that never came is not applied, and no fault:
// whoever asks waits for it.
func (s *Service) events(api huma.API) {
	op := web.Operation(http.MethodGet, "/v1/events/{event_id}", "Whether an event or order was applied", web.SmallBody)
	op.Middlewares = s.Door.ForWholeUser(gate.ScopeExplain)
	huma.Register(api, op, func(ctx context.Context, in *eventInput) (*eventAnswer, error) {
		found, version, err := s.Arrivals.Arrived(ctx, web.ServiceOf(ctx).Realm, in.EventID)
		if err != nil {
			return nil, s.Gate.StoreFault(ctx, err)
		}
		a := &eventAnswer{}
		a.Body.EventID, a.Body.Messages, a.Body.Version = in.EventID, append([]Arrival{}, found...), version
		if len(found) > 0 {
			a.Body.Applied, _ = s.Gate.Enforced(ctx, in.Waiting, version)
		}
		return a, nil
	})
}
