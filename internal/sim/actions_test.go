package sim

import (
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

const maxHeld = 10

// do begins what a step says. Much of it comes to nothing because there is nobody to do it to.
func (r *run) do(s step) {
	switch s.Act {
	case "worker":
		r.round(s.Seed)
		return
	case "check":
		r.check(s.Seed)
		return
	}
	if r.at().realm.gone {
		return
	}
	for _, group := range []func(step) bool{r.doSession, r.doUser, r.doClient, r.doRealm, r.doOrder} {
		if group(s) {
			return
		}
	}
	panic("no such act: " + s.Act)
}

// doSession: births and deaths of sessions. A session that is chosen is one that was given out.
func (r *run) doSession(s step) bool {
	if s.Act == "login" && r.sessions < maxSessions {
		r.at().sessions[r.sessions].user = s.User
		r.sessions++
		r.born(s, r.sessions-1, "LOGIN")
		return true
	}
	i := s.Session % max(r.sessions, 1)
	x := r.at().sessions[i]
	h := events.Happened{Kind: "user", User: name("u", x.user), Session: name("s", i)}
	lives := x.start != 0
	switch s.Act {
	case "login", "sso":
		if r.sessions > 0 && !x.final {
			r.born(s, i, "CODE_TO_TOKEN")
		}
	case "refresh":
		r.refresh(s)
	case "logout":
		h.Type = "LOGOUT"
		r.tellIf(lives, s, h, func(st *state) { st.endSession(i) })
	case "logout online": // the event is the same
		h.Type = "LOGOUT"
		r.tellIf(lives, s, h, nil)
	case "revoke":
		h.Type, h.Client = "REVOKE_GRANT", name("c", s.Client)
		h.Details = map[string]string{"refresh_token_type": "Offline", "revoked_client": r.at().clients[s.Client].id(s.Client)}
		r.tellIf(lives && x.seats[s.Client] != 0, s, h, func(st *state) { st.endSeat(i, s.Client) })
	case "end": // nothing names the user
		h.Kind, h.Type, h.Path, h.User, h.Session = "admin", "DELETE USER_SESSION", "sessions/"+h.Session, "", ""
		yes := true
		h.Representation = &events.Representation{Offline: &yes}
		r.tellIf(lives, s, h, func(st *state) { st.endSession(i) })
	case "reuse": // the event's transaction commits before the request's, which ends the family
		h.Type = "REFRESH_TOKEN_ERROR"
		if lives && x.seats[s.Client] != 0 {
			s.Commit = min(s.Commit, 20)
			r.tell(s, h, nil)
			r.in(s.Commit+s.Write, func() { r.change(func(st *state) { st.endSeat(i, s.Client) }) })
		}
	case "expire":
		if lives {
			r.silent[x.user] = true
			r.change(func(st *state) { st.endSession(i) })
		}
	default:
		return false
	}
	return true
}

// born: the session's row is written after the event's commit, and the token is handed out after that. Where the
// session was ended meanwhile, the end stands, and nobody is handed a token.
func (r *run) born(s step, i int, event string) {
	st, c := r.at(), s.Client
	user := st.sessions[i].user
	if u := st.users[user]; u.gone || u.disabled || u.withoutRole || st.realm.disabled || st.clients[c].gone || st.clients[c].disabled {
		return
	}
	iat, id, began := r.clock(s.Node).Second(), st.clients[c].id(c), r.now
	r.tell(s, events.Happened{
		Kind: "user", Type: event, User: name("u", user), Session: name("s", i), Client: name("c", c), ClientID: id,
		Details: map[string]string{"refresh_token_type": "Offline"},
	}, nil)
	r.in(s.Commit+s.Write, func() {
		if st := r.at(); st.users[user].gone || st.realm.gone || st.clients[c].gone || st.sessions[i].final || r.ended[i][c] >= began {
			return
		}
		r.change(func(st *state) {
			x := &st.sessions[i]
			if x.start == 0 || x.start < st.realm.validFrom {
				x.start, x.seats = iat, [clientCount]seconds{}
			}
			if x.seats[c] == 0 {
				x.seats[c] = iat
			}
		})
		r.hold(held{user: user, client: c, session: i, token: tokenstate.Token{
			Realm: realm, User: name("u", user), Client: name("c", c), ClientID: id, Session: name("s", i), IssuedAt: iat,
		}})
	})
}

func (r *run) hold(t held) {
	for _, h := range r.held {
		if h.token == t.token {
			return
		}
	}
	if len(r.held) < maxHeld {
		r.held = append(r.held, t)
	}
}

// refresh makes a new generation of a token.
func (r *run) refresh(s step) {
	if len(r.held) == 0 {
		return
	}
	t := r.held[s.Session%len(r.held)]
	if r.at().refreshes(t) {
		t.token.IssuedAt, t.refused = r.clock(s.Node).Second(), false
		r.hold(t)
	}
}

// doUser: what administrators do to a user.
func (r *run) doUser(s step) bool {
	u, now := s.User, r.clock(s.Node).Second()
	was := r.at().users[u]
	path := "users/" + name("u", u)
	h := events.Happened{Kind: "admin", Type: "UPDATE USER", Path: path, User: name("u", u)}
	switch s.Act {
	case "consent": // every session of the user with that client
		h.Kind, h.Type, h.Path, h.Client = "user", "REVOKE_GRANT", "", name("c", s.Client)
		h.Details = map[string]string{"revoked_client": r.at().clients[s.Client].id(s.Client)}
		if s.Seed%2 == 0 {
			h = events.Happened{Kind: "admin", Type: "ACTION USER", Path: path + "/consents/" + name("app", s.Client), User: name("u", u)}
		}
		r.tellIf(!was.gone, s, h, func(st *state) {
			for i := range st.sessions {
				if st.sessions[i].user == u && st.sessions[i].start != 0 {
					st.endSeat(i, s.Client)
				}
			}
		})
	case "not-before":
		h.Type, h.Path = "ACTION USER", path+"/logout"
		r.tellIf(!was.gone, s, h, func(st *state) { st.users[u].notBefore = max(st.users[u].notBefore, now) })
	case "disable":
		r.tellIf(!was.gone, s, h, func(st *state) { st.users[u].disabled = !was.disabled })
	case "role":
		h.Type, h.Path = "DELETE REALM_ROLE_MAPPING", path+"/role-mappings/realm"
		r.tellIf(!was.gone, s, h, func(st *state) { st.users[u].withoutRole = !was.withoutRole })
	case "delete":
		h.Type = "DELETE USER"
		if was.gone {
			h.Type = "CREATE USER" // imported again under the same id
		}
		r.tell(s, h, func(st *state) { st.replace(u, !was.gone) })
	case "vanish": // a user store says so
		r.silent[u] = true
		r.change(func(st *state) { st.users[u].disabled = !was.disabled })
	default:
		return false
	}
	return true
}

// replace deletes a user with all sessions, or puts a new one in that place.
func (s *state) replace(u int, gone bool) {
	if s.users[u].gone == gone {
		return
	}
	s.users[u] = userState{gone: gone}
	for i := range s.sessions {
		if s.sessions[i].user == u {
			s.endSession(i)
			s.sessions[i].final = true
		}
	}
}

func (r *run) doClient(s step) bool {
	c, now := s.Client, r.clock(s.Node).Second()
	was := r.at().clients[c]
	h := events.Happened{Kind: "admin", Type: "UPDATE CLIENT", Path: "clients/" + name("c", c), Client: name("c", c)}
	switch s.Act {
	case "client disable":
		r.tellIf(!was.gone, s, h, func(st *state) { st.clients[c].disabled = !was.disabled })
	case "client not-before":
		r.tellIf(!was.gone, s, h, func(st *state) { st.clients[c].notBefore = now * seconds(s.Seed%2) })
	case "rename":
		r.tellIf(!was.gone, s, h, func(st *state) { st.clients[c].renamed = !was.renamed })
	case "client delete":
		h.Type = "DELETE CLIENT"
		r.tellIf(!was.gone, s, h, func(st *state) {
			st.clients[c].gone = true
			for i := range st.sessions {
				st.endSeat(i, c)
			}
		})
	default:
		return false
	}
	return true
}

func (r *run) doRealm(s step) bool {
	now, was := r.clock(s.Node).Second(), r.at().realm
	h := events.Happened{Kind: "admin", Type: "UPDATE REALM"}
	switch s.Act {
	case "realm disable":
		r.tell(s, h, func(st *state) { st.realm.disabled = !was.disabled })
	case "realm not-before":
		r.tell(s, h, func(st *state) { st.realm.notBefore = now * seconds(s.Seed%2) })
	case "logout-all":
		h.Type, h.Path = "ACTION REALM", "logout-all"
		r.tell(s, h, func(st *state) {
			st.realm.notBefore = now
			for i := range st.sessions {
				st.endSession(i)
			}
		})
	case "lifetime":
		from := now
		if was.validFrom != 0 {
			from = 0
		}
		r.tell(s, h, func(st *state) { st.realm.validFrom = from })
	case "realm delete":
		h.Type, h.Path, h.RealmName = "DELETE REALM", realm, realm
		r.tell(s, h, func(st *state) {
			for u := range st.users {
				st.replace(u, true)
			}
			st.realm.gone = true
		})
	default:
		return false
	}
	return true
}
