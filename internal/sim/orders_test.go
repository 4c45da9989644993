package sim

import (
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// order is a revocation that was ordered.
type order struct {
	id       string
	user     string // "": by session
	session  string
	before   seconds
	pardoned bool
}

func (o order) reaches(t tokenstate.Token) bool {
	return !o.pardoned && t.IssuedAt < o.before && (o.user == "" || o.user == t.User) && (o.session == "" || o.session == t.Session)
}

// doOrder: what operators and the backend say, dated by the database.
func (r *run) doOrder(s step) bool {
	at := r.now + r.h.database
	say := func(id string, source events.Source, b events.Body) {
		r.send(events.Message{ID: id, At: at, Source: source, Body: b}, fate{Delay: s.Event.Delay, Again: s.Event.Again})
	}
	switch s.Act {
	case "order":
		o := order{id: r.id("order"), user: name("u", s.User), before: at.Second()}
		if s.Seed%2 == 0 {
			o.user, o.session = "", name("s", s.Session)
		}
		r.orders = append(r.orders, o)
		say(o.id, events.Operator, &events.Order{Order: events.OrderRevoke, By: "op", User: o.user, Session: o.session, Before: o.before, Tokens: true})
	case "pardon":
		if n := len(r.orders); n > 0 {
			o := &r.orders[s.Session%n]
			o.pardoned = true
			say(r.id("pardon"), events.Operator, &events.Pardon{Cause: o.id, By: "op", Reason: "mistake"})
		}
	case "backend":
		r.backend[s.User] = !r.backend[s.User]
		say(r.id("order"), events.Authapi, &events.Order{Order: events.OrderStanding, By: "backend", User: name("u", s.User), Enabled: !r.backend[s.User]})
	case "outcome":
		r.outcome(s, at, say)
	case "ask":
		say(r.id("order"), events.Operator, &events.Order{Order: events.OrderLook, By: "op", User: name("u", s.User)})
	case "log":
		say(r.id("event"), events.Worker, &events.Happened{Event: r.id("event"), Kind: "admin", Type: "UPDATE LOG"})
	default:
		return false
	}
	return true
}

// outcome: authapi tries a token, and says what Keycloak answered.
func (r *run) outcome(s step, at millis, say func(string, events.Source, events.Body)) {
	if len(r.held) == 0 {
		return
	}
	t := &r.held[s.Session%len(r.held)]
	t.refused = !r.at().refreshes(*t)
	o := &events.Order{
		Order: events.OrderRefresh, By: "authapi", User: t.token.User, Client: t.token.Client, ClientID: t.token.ClientID,
		Session: t.token.Session, IssuedAt: t.token.IssuedAt, Refused: t.refused,
	}
	if t.refused {
		o.RetryAt, o.Error, o.ErrorDescription = at+60_000, "invalid_grant", "Offline user session not found"
	}
	say(r.id("order"), events.Authapi, o)
}
