package adapters

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/authapi/admin"
	"github.com/tokenstate/tokenstate/internal/condition"
	"github.com/tokenstate/tokenstate/internal/timeline"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// LogState joins admin.LogState.
type LogState struct{ *postgres.Store }

// LogState implements admin.LogState.
func (l LogState) LogState(ctx context.Context) (condition.Log, error) {
	s, err := l.Store.LogState(ctx)
	return s.Log, err
}

// Arrivals joins the journal to admin.Arrivals.
type Arrivals struct{ *postgres.Store }

// Arrived looks for the id itself and for both messages of a Keycloak event.
func (a Arrivals) Arrived(ctx context.Context, realm, id string) ([]admin.Arrival, int64, error) {
	ids := []string{id, id + "/l", id + "/b"}
	got, err := a.Store.Arrived(ctx, realm, ids...)
	if err != nil {
		return nil, 0, err
	}
	var found []admin.Arrival
	for _, m := range got.Messages {
		one := admin.Arrival{MessageID: m.ID, What: timeline.Describe(m), At: m.At.Time()}
		if m.Received != 0 {
			at := m.Received.Time()
			one.ReceivedAt = &at
		}
		found = append(found, one)
	}
	return found, got.Version, nil
}
