package sim

import (
	"strconv"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

type (
	millis  = events.Millis
	seconds = events.Seconds
)

// The model is small: bugs of order and time need few subjects that meet often.
const (
	realm       = "demo"
	userCount   = 2
	clientCount = 2
	maxSessions = 6
)

// state is what Keycloak's database holds at one instant. It is copied for each version.
type state struct {
	realm    realmState
	clients  [clientCount]clientState
	users    [userCount]userState
	sessions [maxSessions]sessionState
}

type realmState struct {
	gone, disabled bool
	notBefore      seconds
	validFrom      seconds // sessions that began earlier are over: a lifetime was shortened
}

type clientState struct {
	gone, disabled, renamed bool
	notBefore               seconds
}

type userState struct {
	gone, disabled, withoutRole bool
	notBefore                   seconds
}

// sessionState is an offline session. The same sid can begin anew by single sign-on.
type sessionState struct {
	user  int
	start seconds              // 0: there is no such session
	seats [clientCount]seconds // start of the session of each client; 0: none
	final bool                 // its user was deleted: the sid does not come back
}

// held is a token that somebody keeps, one generation of it.
type held struct {
	token   tokenstate.Token
	user    int
	client  int
	session int
	refused bool // the latest outcome that was reported
}

func name(kind string, i int) string { return kind + strconv.Itoa(i) }

func (c clientState) id(i int) string {
	if c.renamed {
		return name("renamed", i)
	}
	return name("app", i)
}

// alive reports whether the session holds the client, by the realm's present lifetimes.
func (s *state) alive(session, client int) bool {
	x := s.sessions[session]
	return x.start != 0 && x.seats[client] != 0 && x.start >= s.realm.validFrom
}

// refreshes is Keycloak's answer to a refresh of t: the checks of the action table, in plain words.
func (s *state) refreshes(t held) bool {
	r, c, u := s.realm, s.clients[t.client], s.users[t.user]
	iat := t.token.IssuedAt
	switch {
	case r.gone, r.disabled, iat < r.notBefore:
		return false
	case c.gone, c.disabled, iat < c.notBefore, c.id(t.client) != t.token.ClientID:
		return false
	case u.gone, u.disabled, u.withoutRole, iat < u.notBefore:
		return false
	case !s.alive(t.session, t.client):
		return false
	}
	return iat+1 >= s.sessions[t.session].seats[t.client] && iat+1 >= s.sessions[t.session].start
}

// ownerActive is whether the API keys of a user may be used, as far as Keycloak says.
func (s *state) ownerActive(user int) bool {
	return !s.realm.gone && !s.realm.disabled && !s.users[user].gone && !s.users[user].disabled
}

// endSeat removes one client from a session, and the session with its last client.
func (s *state) endSeat(session, client int) {
	s.sessions[session].seats[client] = 0
	for _, start := range s.sessions[session].seats {
		if start != 0 {
			return
		}
	}
	s.sessions[session].start = 0
}

func (s *state) endSession(session int) {
	x := &s.sessions[session]
	x.start, x.seats = 0, [clientCount]seconds{}
}
