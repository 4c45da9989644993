package main

import (
	"net/http"
	"strings"
	"testing"

	keyrows "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/events"
)

// Ensure a credential that acts for a person, as the console does, has that person beside it in the
// order and in the audit, and that a name which neither could hold is refused.
func TestActingForAPerson(t *testing.T) {
	w := newWorld(t)
	give := func(person string) reply {
		return w.ask(http.MethodPost, "/v1/users/u/standing", map[string]any{"enabled": false, "reason": "left"}, "X-Service-API-Key", w.service, "Tokenstate-Acting-For", person)
	}
	id, _ := give("J%C3%BCrgen%20A").want(t, http.StatusOK).body["event_id"].(string)
	got, err := w.store.Arrived(t.Context(), "demo", id)
	must(t, err)
	if o, ok := got.Messages[0].Body.(*events.Order); !ok || o.By != "service:all for Jürgen A" {
		t.Errorf("the order is %+v", got.Messages[0].Body)
	}
	for _, bad := range []string{"%", "a%0Ab", "%ff", strings.Repeat("x", 129), ""} {
		give(bad).want(t, http.StatusBadRequest, "reason", "invalid_request")
	}
	w.server.Flush(t.Context())
	var actors []string
	_, _, err = keyrows.New(w.pool).EachAct(t.Context(), 0, func(_ int64, a keyrows.Act) { actors = append(actors, a.Actor) })
	must(t, err)
	if len(actors) == 0 || actors[0] != "service:all for Jürgen A" {
		t.Errorf("the audit has %q", actors)
	}
}
