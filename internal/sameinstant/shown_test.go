package sameinstant

import (
	"slices"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// seat is one client in one session.
type seat struct{ session, client string }

// times are what a look tells of a seat: the start of the client session, when it ends and for how long it may live.
type times struct{ start, ends, life events.Seconds }

// shown is what the messages of one look say, put together.
type shown struct {
	realm   *events.RealmLook
	user    *events.UserLook
	clients map[string]events.ClientLook
	alive   map[seat]times
	rosters []events.Roster
}

func put(ms []events.Message) shown {
	s := shown{clients: map[string]events.ClientLook{}, alive: map[seat]times{}}
	for _, m := range ms {
		o, _ := m.Body.(*events.Observation)
		if o.Realm != nil {
			s.realm = o.Realm
		}
		if o.User != nil {
			s.user = o.User
		}
		for _, c := range o.Clients {
			s.clients[c.Client] = c
		}
		for _, r := range o.Rosters {
			for _, c := range r.Sessions {
				s.alive[seat{c.Session, c.Client}] = times{c.Start, c.Ends, c.Life}
			}
			s.rosters = append(s.rosters, r)
		}
	}
	return s
}

// fits: the admin API shows the user's session alone. It began with the client's or before, and was used with it or later.
func (t times) fits(outside times) bool {
	return outside.start <= t.start && outside.life == t.life && (t.ends == 0) == (outside.ends == 0) &&
		max(outside.ends-t.ends, t.ends-outside.ends) < 60
}

// says is what a look tells of a token's session: living, absent or nothing.
func (s shown) says(t tokenstate.Token) string {
	if _, ok := s.alive[seat{t.Session, t.Client}]; ok {
		return "lives"
	}
	covered := s.user != nil && s.user.Gone || slices.ContainsFunc(s.rosters, func(r events.Roster) bool {
		return r.Complete && (r.User == t.User || r.Session == t.Session) && (r.Client == "" || r.Client == t.Client)
	})
	if covered {
		return "is absent"
	}
	return "nothing"
}

// doubts is whether the look shows that somebody else than looks must say whether a token is refreshed.
func (s shown) doubts(t tokenstate.Token) bool {
	c := s.clients[t.Client].ConsentRequired
	return c != nil && *c
}

// refuses is whether the look says that Keycloak would refuse a token of this session; why is the
// first reason.
func (s shown) refuses(t tokenstate.Token) (why string) {
	client := s.clients[t.Client]
	switch {
	case s.realm != nil && (s.realm.Gone || !s.realm.Enabled):
		return "realm"
	case s.realm != nil && t.IssuedAt < s.realm.NotBefore:
		return "realm's not-before"
	case client.Gone || !client.Enabled:
		return "client"
	case client.OfflineAccess == nil || !*client.OfflineAccess:
		return "client's offline access"
	case client.ClientID != t.ClientID:
		return "client's name"
	case t.IssuedAt < client.NotBefore:
		return "client's not-before"
	case s.user.Gone || !s.user.Enabled:
		return "user"
	case !s.user.OfflineAccess:
		return "role"
	case t.IssuedAt < s.user.NotBefore:
		return "user's not-before"
	case s.says(t) != "lives":
		return "session " + s.says(t)
	}
	return ""
}
