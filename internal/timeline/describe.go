package timeline

import (
	"fmt"
	"strings"

	"github.com/tokenstate/tokenstate/internal/events"
)

// Describe says in a few words what m says; never more than ids.
func Describe(m events.Message) string {
	switch b := m.Body.(type) {
	case *events.Happened:
		return strings.TrimSpace("event "+b.Type+" "+b.Error) + byAdministrator(b.Actor)
	case *events.Observation:
		return describeLook(b)
	case *events.Order:
		return describeOrder(b)
	case *events.Pardon:
		return "pardon of " + b.Cause + " by " + b.By
	default:
		return string(m.Body.Class())
	}
}

func byAdministrator(a *events.Actor) string {
	if a == nil || a.User == "" {
		return ""
	}
	return " by administrator " + a.User
}

func actorOf(m events.Message) *events.Actor {
	if h, ok := m.Body.(*events.Happened); ok {
		return h.Actor
	}
	return nil
}

func describeOrder(o *events.Order) string {
	by := " by " + o.By
	switch {
	case o.Order == events.OrderKeyRevoked:
		return "key " + o.Key + " revoked" + by
	case o.Order == events.OrderStanding && o.Enabled:
		return "user enabled" + by
	case o.Order == events.OrderStanding:
		return "user disabled" + by
	case o.Order == events.OrderRefresh && o.Refused:
		return "refresh refused, told" + by
	case o.Order == events.OrderRefresh:
		return "refresh succeeded, told" + by
	default:
		return "order " + o.Order + by
	}
}

// describeLook says of whom the look was, the narrowest first: a look at a user reads the realm and clients as well.
func describeLook(o *events.Observation) string {
	what := "look"
	switch {
	case o.User != nil:
		what += " at the user: " + standing(o.User.Gone, o.User.Enabled)
	case len(o.Clients) == 1:
		what += " at a client: " + standing(o.Clients[0].Gone, o.Clients[0].Enabled)
	case o.Realm != nil && len(o.Rosters) == 0 && len(o.Clients) == 0:
		what += " at the realm: " + standing(o.Realm.Gone, o.Realm.Enabled)
	}
	live := 0
	for _, r := range o.Rosters {
		live += len(r.Sessions)
	}
	if len(o.Rosters) > 0 {
		what += fmt.Sprintf(", offline sessions listed: %d", live)
	}
	return what
}

func standing(gone, enabled bool) string {
	switch {
	case gone:
		return "gone"
	case enabled:
		return "enabled"
	default:
		return "disabled"
	}
}
