package postgres

import (
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure what is said last holds although the clock that dates it was set back meanwhile, and that the
// copy in the log bears the date that was given here.
func TestLaterOrdersWinByAnEarlierClock(t *testing.T) {
	s := New(newPool(t))
	const early, late = 1_700_000_000_000, 1_700_000_030_000
	put := func(id string, at events.Millis, o *events.Order) {
		t.Helper()
		o.By, o.User = "service:x", "u"
		_, err := s.Order(t.Context(), events.Message{ID: id, Realm: "demo", At: at, Source: events.Authapi, Body: o})
		must(t, err)
	}
	refresh := func(refused bool) *events.Order {
		return &events.Order{Order: events.OrderRefresh, ClientID: "app", Session: "s", IssuedAt: 1_600_000_000, Refused: refused, Error: "e"}
	}
	put("refused-1", late, refresh(true))
	put("success-1", early, refresh(false))
	byID := refresh(false) // who reports it knows the client's UUID, and who reported the refusal did not
	byID.Client, byID.Session = "uuid", "other"
	named := refresh(true)
	named.Session = "other"
	put("refused-2", late, named)
	put("success-2", early, byID)
	if stands, err := s.Refused(t.Context(), tokenstate.Token{Realm: "demo", User: "u", Client: "uuid", ClientID: "app", Session: "other", IssuedAt: 1_600_000_000}); stands || err != nil {
		t.Errorf("the refusal stands: %t %v", stands, err)
	}
	put("enabled-1", late, &events.Order{Order: events.OrderStanding, Enabled: true, Reason: "r"})
	put("disabled-1", early, &events.Order{Order: events.OrderStanding, Reason: "r"})
	f, _, err := s.Facts(t.Context())
	must(t, err)
	for _, row := range f.RefusalRows() {
		k, r := row.ID, row.Value
		if k.Scope.Session == "other" {
			continue
		}
		if r.Refused || r.At != late+1 {
			t.Errorf("%+v: %+v", k, r)
		}
	}
	if o := tokenstate.Owner("demo", "u", f, tokenstate.DefaultRules()); o.Reason != tokenstate.ReasonUserDisabled || o.Since != late+1 {
		t.Errorf("the owner: %+v", o)
	}
	rows, err := s.Outbox(t.Context(), 10)
	must(t, err)
	if m, err := events.Decode(rows[5].Raw); err != nil || m.At != late+1 {
		t.Errorf("in the log: %d %v", m.At, err)
	}
}
