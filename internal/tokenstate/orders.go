package tokenstate

import (
	"cmp"
	"slices"

	"github.com/tokenstate/tokenstate/internal/events"
)

// ByOrder reports whether a fact was learnt from an order about a standing, a key or a revocation. Until
// such an order is relayed the log does not have it.
func ByOrder(r Row) bool {
	switch r := r.(type) {
	case StandingRow:
		return r.Subject.Authority == Backend
	case CutoffRow:
		return r.Scope.Key != "" || r.Value.Reason == ReasonOrder
	}
	return false
}

// OrdersOf gives the orders that facts were learnt from, under the same ids and dates, with by as who gave
// them: for a database that has lost them before they were in the log.
func OrdersOf(rows []Row, by string) []events.Message {
	given := map[string]*events.Message{}
	order := func(id, realm string, at Millis) *events.Order {
		if given[id] == nil {
			given[id] = &events.Message{ID: id, Realm: realm, At: at, Received: at, Source: events.Authapi, Body: &events.Order{By: by}}
		}
		return given[id].Body.(*events.Order) // it was made here
	}
	for _, r := range rows { // standings first: one order may bring a cutoff, too
		if s, ok := r.(StandingRow); ok && ByOrder(r) {
			o := order(s.Value.Cause, s.Subject.Scope.Realm, s.Value.At)
			o.Order, o.User, o.Enabled = events.OrderStanding, s.Subject.Scope.User, !s.Value.Disabled
		}
	}
	for _, r := range rows {
		c, ok := r.(CutoffRow)
		switch {
		case !ok || !ByOrder(r):
		case c.Scope.Key != "":
			o := order(c.Cause, c.Scope.Realm, c.Value.At)
			o.Order, o.User, o.Key = events.OrderKeyRevoked, c.Scope.User, c.Scope.Key
		case given[c.Cause] != nil:
			order(c.Cause, "", 0).CredentialsRevokedBefore = c.Value.Before
		default:
			o := order(c.Cause, c.Scope.Realm, c.Value.At)
			o.Order, o.User, o.Client, o.Session = events.OrderRevoke, c.Scope.User, c.Scope.Client, c.Scope.Session
			o.Before, o.Tokens, o.Keys = c.Value.Before, c.Value.Tokens, c.Value.Keys
		}
	}
	all := make([]events.Message, 0, len(given))
	for _, m := range given {
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b events.Message) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID))
	})
	return all
}
